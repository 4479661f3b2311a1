-- The audit trail of statements (PCI DSS 10.2.2): the library is loaded and set by the cluster's parameters; only the extension
-- adds which object a change of the schema was about. Aurora always has it.

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pgaudit') THEN
    CREATE EXTENSION IF NOT EXISTS pgaudit;
  END IF;
END
$$;
