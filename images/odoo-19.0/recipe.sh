# What the root file system of Odoo 19 is made of. Read by scripts/make-odoo-rootfs.
#
# Debian packages Odoo 19 in sid only, and sid's Python is too new for it ('OrderedSet' object has no
# attribute 'copy'). So everything is from trixie (Python 3.13), and only Odoo itself from sid.
BASE_SUITE=trixie
ODOO_SUITE=sid
# Without tzdata-legacy pytz does not find the time zones that Odoo offers.
PACKAGES=odoo-19,ca-certificates,tzdata,tzdata-legacy
