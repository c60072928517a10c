# Odoo, kept to its own database. It looks up databases and passes bus notifications through the database
# `postgres`, which is shared by all tenants of a server and closed to them. Its own database serves as well.
import sys

import odoo.cli
import odoo.sql_db
from odoo.tools import config

connect = odoo.sql_db.db_connect


def connect_to_own(to, *args, **kwargs):
    return connect(config['db_name'][0] if to == 'postgres' else to, *args, **kwargs)


odoo.sql_db.db_connect = connect_to_own

if __name__ == '__main__':
    sys.exit(odoo.cli.main())
