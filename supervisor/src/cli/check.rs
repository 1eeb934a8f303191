//! `tributary check`: is this configuration right, and with `--connect`, can every sink be written to?

use clap::Args;
use tributary_config::{Config, ConfigErrors, LogFormat};

use super::{ConfigFile, output};
use crate::sinks;

/// What to check.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    file: ConfigFile,
    /// Also asks each sink whether it can write; creates what is missing.
    #[arg(long)]
    connect: bool,
}

/// Checks. What is wrong is said as the daemon says it.
pub(super) fn run(options: &Options, level: Option<&str>) -> anyhow::Result<()> {
    let config = super::load(&options.file)?;
    super::run::logs(LogFormat::Pretty, Some(level.unwrap_or("warn")))?;
    actix_rt::System::new().block_on(async {
        let errors = sinks::check(&config).await;
        if !errors.is_empty() {
            return Err(ConfigErrors { errors }.into());
        }
        for warning in &config.warnings {
            output::line(&format!("warning: {warning}"));
        }
        let sinks: usize = config.tenants.iter().map(|tenant| tenant.sinks.len()).sum();
        output::line(&format!(
            "{}: ok; {} provider apps, {} tenants, {sinks} sinks",
            options.file.config.display(),
            config.apps().len(),
            config.tenants.len(),
        ));
        if options.connect { connect(&config).await } else { Ok(()) }
    })
}

/// Asks each sink whether it can write.
async fn connect(config: &Config) -> anyhow::Result<()> {
    let mut failed = 0_usize;
    for tenant in &config.tenants {
        for (name, entry) in &tenant.sinks {
            let sink = sinks::build(&config.operator, tenant, name, entry).await;
            let sink = sink.map_err(|error| ConfigErrors { errors: vec![error] })?;
            match sink.check().await {
                Ok(report) => {
                    output::line(&format!("{}/{name}: ok", tenant.dev_id));
                    for line in report.lines {
                        output::line(&format!("  {line}"));
                    }
                }
                Err(error) => {
                    failed += 1;
                    output::line(&format!("{}/{name}: {error}", tenant.dev_id));
                }
            }
        }
    }
    anyhow::ensure!(failed == 0, "{failed} sinks cannot be used");
    Ok(())
}
