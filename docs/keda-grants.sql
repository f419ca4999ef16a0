-- The role with which KEDA asks the register how much work there is. It may read this count and nothing else.
--
--   psql -d coldroom -f docs/keda-grants.sql            as the owner of the register; may be repeated
--   psql -d coldroom -c "\password coldroom_keda"       then put the password into the Secret keda-register

DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'coldroom_keda') THEN
    -- Two ScaledJobs ask; more connections than this would be a mistake.
    CREATE ROLE coldroom_keda LOGIN CONNECTION LIMIT 20;
  END IF;
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO coldroom_keda', current_database());
END $$;

GRANT USAGE ON SCHEMA coldroom TO coldroom_keda;
GRANT SELECT ON coldroom.backlog TO coldroom_keda;
