// Command temporal-node runs roles of Temporal's server, and the tool that makes and upgrades its schema in PostgreSQL.
//
//	temporal-node serve --config FILE --services frontend,history
//	temporal-node sql   ...   as temporal-sql-tool of the same version
//	temporal-node version
//
// One program is on every machine of a cluster; what it does there is said on its command line and in one file.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/headers"
	"go.temporal.io/server/common/log"
	_ "go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	"go.temporal.io/server/temporal"
	"go.temporal.io/server/tools/sql"
)

const usage = "usage: temporal-node serve --config FILE --services ROLE[,ROLE] | sql ... | version"

// Roles of Temporal's server that a node can have; an internal front end is for sites that authorize callers, which we do not.
var roles = []string{"frontend", "history", "matching", "worker"}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "temporal-node:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) == 0 {
		return fmt.Errorf("nothing is asked for; %s", usage)
	}
	switch arguments[0] {
	case "serve":
		return serve(arguments[1:])
	case "sql":
		return sql.RunTool(arguments)
	case "version":
		fmt.Println(headers.ServerVersion)
		return nil
	}
	return fmt.Errorf("%q is not a command; %s", arguments[0], usage)
}

// serve runs the named roles until the process is asked to end.
func serve(arguments []string) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	file := flags.String("config", "", "the configuration of this node, a file")
	named := flags.String("services", "", "roles of this node, with commas between them: "+strings.Join(roles, ", "))
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	services := strings.Split(*named, ",")
	for _, service := range services {
		if !slices.Contains(roles, service) {
			return fmt.Errorf("--services: %q is not a role; there are %s", service, strings.Join(roles, ", "))
		}
	}
	if *file == "" || flags.NArg() > 0 {
		return fmt.Errorf("serve wants --config and --services, and nothing else; %s", usage)
	}
	chosen, err := config.Load(config.WithConfigFile(*file))
	if err != nil {
		return fmt.Errorf("--config %s: %w", *file, err)
	}
	server, err := serverOf(chosen, services)
	if err != nil {
		return err
	}
	return server.Start()
}

func serverOf(chosen *config.Config, services []string) (temporal.Server, error) {
	logger := log.NewZapLogger(log.BuildZapLogger(chosen.Log))
	authorizer, err := authorization.GetAuthorizerFromConfig(&chosen.Global.Authorization)
	if err != nil {
		return nil, fmt.Errorf("authorization: %w", err)
	}
	claims, err := authorization.GetClaimMapperFromConfig(&chosen.Global.Authorization, logger)
	if err != nil {
		return nil, fmt.Errorf("authorization: %w", err)
	}
	return temporal.NewServer(
		temporal.ForServices(services),
		temporal.WithConfig(chosen),
		temporal.WithLogger(logger),
		temporal.InterruptOn(temporal.InterruptCh()),
		temporal.WithAuthorizer(authorizer),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return claims }),
	)
}
