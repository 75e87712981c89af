//! `glassbridge simulate`.

use super::Outcome;
use super::progress::{Progress, Show};
use crate::dataset::generate::{self, Shard};
use crate::dataset::{Recipe, observable, recipe};
use crate::error::{Error, Result};
use serde_json::json;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Make a dataset of simulated glasses from a recipe.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    glassbridge simulate sio2 --samples 240 --out sio2-set\n  \
    glassbridge simulate sio2 --observables ins --out sio2-set\n  \
    glassbridge simulate --print sio2 > mine.toml\n\n\
    An interrupted run goes on when the same command is given again.")]
pub(super) struct Args {
    /// A built-in recipe, or a .toml file.
    #[arg(required_unless_present_any = ["list", "print"])]
    recipe: Option<String>,
    /// The dataset folder to write.
    #[arg(long, required_unless_present_any = ["list", "print"])]
    out: Option<PathBuf>,
    /// Number of samples.
    #[arg(long)]
    samples: Option<usize>,
    /// Seed.
    #[arg(long)]
    seed: Option<u64>,
    /// Record these too: ins, ixs, raman, raman-reduced, kappa. Densities of states, g(r), angles and rings are always recorded.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    observables: Option<Vec<String>>,
    /// Threads; all cores if not given.
    #[arg(long)]
    jobs: Option<usize>,
    /// Make only every n-th sample, beginning with i (from 0): for several machines with one folder.
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<Shard>,
    /// Name the built-in recipes.
    #[arg(long)]
    list: bool,
    /// Print a built-in recipe.
    #[arg(long, value_name = "NAME")]
    print: Option<String>,
    /// How progress is shown.
    #[arg(long, value_enum, default_value = "auto")]
    progress: Show,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

fn shard(text: &str) -> std::result::Result<Shard, String> {
    let parse = |t: &str| t.parse::<usize>().ok();
    match text.split_once('/').map(|(i, n)| (parse(i), parse(n))) {
        Some((Some(index), Some(of))) if index < of => Ok(Shard { index, of }),
        _ => Err("use I/N with I from 0 to N-1, such as 0/4".into()),
    }
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    if args.list {
        recipe::names().for_each(|name| say!("{name}"));
        return Ok(Outcome::Done);
    }
    if let Some(name) = &args.print {
        put!("{}", recipe::text(name)?);
        return Ok(Outcome::Done);
    }
    let (Some(name), Some(out)) = (&args.recipe, &args.out) else {
        return Err(Error::new("a recipe and --out are needed"));
    };
    let mut recipe = Recipe::load(name)?;
    recipe.samples = args.samples.unwrap_or(recipe.samples);
    recipe.seed = args.seed.unwrap_or(recipe.seed);
    if let Some(names) = &args.observables {
        recipe.record.observables = observable::named(names)?;
    }
    recipe.check()?;
    simulate(args, &recipe, out)
}

fn simulate(args: &Args, recipe: &Recipe, out: &std::path::Path) -> Result<Outcome> {
    let threads = rayon::ThreadPoolBuilder::new()
        .num_threads(args.jobs.unwrap_or(0))
        .build()
        .map_err(|e| Error::new("cannot start the threads").because(e.to_string()))?;
    // One thread a structure: the linear algebra inside must not ask for more.
    faer::set_global_parallelism(faer::Par::Seq);
    let shard = args.shard.unwrap_or(Shard { index: 0, of: 1 });
    let progress = Progress::new(recipe.samples / shard.of, args.progress);
    let unusable = AtomicUsize::new(0);
    let ended = threads.install(|| {
        generate::generate(recipe, out, shard, &|row| {
            unusable.fetch_add(usize::from(row.usable == 0), Ordering::Relaxed);
            progress.tick();
        })
    })?;
    progress.finish();
    let missing = match ended {
        generate::Progress::Complete => 0,
        generate::Progress::Missing(n) => n,
    };
    let flagged = unusable.into_inner();
    if args.json {
        say!(
            "{}",
            json!({ "out": out, "samples": recipe.samples, "missing": missing, "flagged_in_this_run": flagged })
        );
    } else if missing > 0 {
        say!(
            "this shard is done; {missing} of {} samples are still missing in {}",
            recipe.samples,
            out.display()
        );
    } else {
        say!(
            "{} samples in {}; {flagged} of those made now are flagged as not usable, see samples.csv",
            recipe.samples,
            out.display()
        );
    }
    Ok(Outcome::Done)
}
