// Logs in to the console as staff, prints what the page says, and takes a picture of it.
// Usage: node console.mjs URL PASSWORD PICTURE
import { chromium } from 'playwright-core';

const [url, password, picture] = process.argv.slice(2);
const quiet = ['--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', ...quiet] });
const page = await browser.newPage({ viewport: { width: 1200, height: 760 } });
const complaints = [];
page.on('pageerror', (error) => complaints.push(String(error)));
page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));

await page.goto(url);
await page.fill('input[type=email], input[name=email]', 'staff@example.com');
await page.fill('input[type=password]', password);
await page.click('button[type=submit]');
await page.getByText('acme', { exact: false }).first().waitFor({ timeout: 20000 });
console.log(await page.innerText('body'));
await page.screenshot({ path: picture });
await browser.close();
if (complaints.length > 0) {
  console.error(complaints.join('\n'));
  process.exit(1);
}
