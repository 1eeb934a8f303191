//! `tributary check`: is this configuration right, and with `--connect`, can every sink be written to?

use clap::Args;
use tributary_config::LogFormat;

use super::{ConfigFile, output};
use crate::app::sink_context;

/// What to check.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    file: ConfigFile,
    /// Also asks each sink whether it can write; creates what is missing.
    #[arg(long)]
    connect: bool,
}

/// Checks.
pub(super) fn run(options: &Options, level: Option<&str>) -> anyhow::Result<()> {
    let config = super::load(&options.file)?;
    super::run::logs(LogFormat::Pretty, Some(level.unwrap_or("warn")))?;
    for warning in &config.warnings {
        output::line(&format!("warning: {warning}"));
    }
    let sinks: usize = config.tenants.iter().map(|tenant| tenant.sinks.len()).sum();
    output::line(&format!(
        "{}: ok; {} provider apps, {} tenants, {sinks} sinks",
        options.file.config.display(),
        config.operator.provider_apps.len(),
        config.tenants.len(),
    ));
    actix_rt::System::new().block_on(async {
        let mut failed = 0_usize;
        for tenant in &config.tenants {
            for (name, entry) in &tenant.sinks {
                let context = sink_context(&config.operator, tenant);
                let built = tributary_sinks::registry::build(name, entry.options.clone(), &context).await;
                let report = match built {
                    Err(error) => Err(error),
                    Ok(sink) if options.connect => sink.check().await,
                    Ok(_) => continue,
                };
                match report {
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
    })
}
