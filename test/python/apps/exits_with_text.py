raise SystemExit("no settings")
