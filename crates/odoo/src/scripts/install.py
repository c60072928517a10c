# Installs modules and ends, as `--init … --stop-after-init` does, and then moves what was stored as
# files into the database: the filestore of a job is gone when the job is.
import os
import sys

import odoo.cli
# The script comes from the standard input, the launcher lies beside the configuration.
configuration = next(a.partition('=')[2] for a in sys.argv if a.startswith('--config='))
sys.path.insert(0, os.path.dirname(configuration))
import launch  # noqa: F401, E402
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.service import server
from odoo.tools import config

config.parse_config(sys.argv[1:], setup_logging=True)
database = config['db_name'][0]
# The server consumes what `--init` said, so it is remembered here.
wanted = list(config['init'])

failed = server.start(preload=[database], stop=True)
if failed:
    sys.exit('the modules could not be installed')

with Registry(database).cursor() as cr:
    env = api.Environment(cr, SUPERUSER_ID, {})
    modules = env['ir.module.module'].search([('name', 'in', wanted), ('state', '=', 'installed')])
    missing = sorted(set(wanted) - set(modules.mapped('name')))
    if missing:
        sys.exit('there is no module named ' + ', '.join(missing))
    parameters = env['ir.config_parameter']
    parameters.set_param('ir_attachment.location', 'db')
    env['ir.attachment'].force_storage()
    parameters.search([('key', '=', 'ir_attachment.location')]).unlink()
    cr.commit()

# Threads of the server may still be waiting for something that never comes.
sys.stdout.flush()
sys.stderr.flush()
os._exit(0)
