# Bundles are compiled at the first visit and kept as attachments, whose bytes lie outside of the
# database. With the location set to `db` they are kept inside; without it again, what is stored stays
# readable and what customers upload goes to the filestore as usual.
parameters = env['ir.config_parameter'].sudo()
parameters.set_param('ir_attachment.location', 'db')
env['ir.attachment'].force_storage()
env['ir.qweb']._pregenerate_assets_bundles()
env.flush_all()
env.cr.execute("select count(*) from ir_attachment where store_fname is not null")
(outside,) = env.cr.fetchone()
if outside:
    raise SystemExit(f'{outside} attachments are still outside of the database')
parameters.search([('key', '=', 'ir_attachment.location')]).unlink()
env.cr.commit()
