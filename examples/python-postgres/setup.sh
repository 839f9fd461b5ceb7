service postgresql start
runuser --user postgres -- createuser orders
runuser --user postgres -- createdb --owner orders orders
# whoever is in the session is root there: let root speak for the service's role
hba=$(echo /etc/postgresql/*/main/pg_hba.conf)
sed -i '1i local orders orders trust' "$hba"
service postgresql stop
