//! Workouts and sessions with the heart rate of the time that they took.

use tributary_contract::model::{Offset, Timestamp};
use tributary_contract::{Fetch, FetchError, Job, Window};

use super::collection::{self, Parts, SESSION, WORKOUT};
use super::heart_rate::HeartRates;
use super::{Gone, Wanted, named, normalize, wire};

/// Activities that are committed together.
const BATCH: usize = 64;

/// Lists a window, or reads what was named.
pub(super) async fn fetch(cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
    let mut gone = Gone::default();
    let mut found =
        if job.ids.is_empty() { list(cx, job.window).await? } else { read(cx, job, &mut gone).await? };
    found.sort_by_key(|moment| moment.stretch().from);
    let mut rest = found.into_iter().peekable();
    while rest.peek().is_some() {
        let batch: Vec<Moment> = rest.by_ref().take(BATCH).collect();
        let stretches =
            batch.iter().filter(|moment| moment.needs_heart_rate()).map(Moment::stretch).collect();
        let heart_rates = HeartRates::read(cx, stretches).await?;
        for moment in batch {
            let heart_rate = heart_rates.within(moment.stretch());
            let record = match moment {
                Moment::Workout(workout) => normalize::workout(workout, heart_rate),
                Moment::Session(session) => normalize::session(session, heart_rate)?,
            };
            cx.emit(record);
        }
        cx.flush().await?;
    }
    gone.settle(cx).await
}

/// A workout or a session.
enum Moment {
    Workout(wire::Workout),
    Session(wire::Session),
}

impl Moment {
    fn times(&self) -> (Timestamp, Timestamp) {
        match self {
            Self::Workout(workout) => (workout.start_datetime, workout.end_datetime),
            Self::Session(session) => (session.start_datetime, session.end_datetime),
        }
    }

    /// From its start to its end; empty when it ends before it starts.
    fn stretch(&self) -> Window {
        let (start, end) = self.times();
        let from = start.instant_or(Offset::UTC);
        Window { from, to: end.instant_or(Offset::UTC).max(from) }
    }

    /// A session brings its own series, as a rule.
    fn needs_heart_rate(&self) -> bool {
        match self {
            Self::Workout(_) => true,
            Self::Session(session) => {
                session.heart_rate.as_ref().is_none_or(|series| series.items.iter().all(Option::is_none))
            }
        }
    }

    /// Whether it belongs to a window: by its local day, or by the time that it took.
    fn is_wanted(&self, wanted: &Wanted) -> bool {
        let day = match self {
            Self::Workout(workout) => workout.day,
            Self::Session(session) => session.day,
        };
        let stretch = self.stretch();
        wanted.day(day.0, self.times().0.offset()) || wanted.span(stretch.from, stretch.to)
    }
}

async fn list(cx: &Fetch, window: Window) -> Result<Vec<Moment>, FetchError> {
    let wanted = Wanted::Window(window);
    let mut parts = Parts::default();
    let workouts: Vec<wire::Workout> = parts.list(cx, &WORKOUT, wanted.range()).await?;
    let sessions: Vec<wire::Session> = parts.list(cx, &SESSION, wanted.range()).await?;
    let mut found: Vec<Moment> = workouts.into_iter().map(Moment::Workout).collect();
    found.extend(sessions.into_iter().map(Moment::Session));
    parts.settle(super::ACTIVITY)?;
    found.retain(|moment| moment.is_wanted(&wanted));
    Ok(found)
}

async fn read(cx: &Fetch, job: &Job, gone: &mut Gone) -> Result<Vec<Moment>, FetchError> {
    let mut found = Vec::new();
    for id in &job.ids {
        let (collection, id) = named(id)?;
        if collection == WORKOUT {
            let workout = gone.note(collection::document(cx, &collection, id).await)?;
            found.extend(workout.map(Moment::Workout));
        } else if collection == SESSION {
            let session = gone.note(collection::document(cx, &collection, id).await)?;
            found.extend(session.map(Moment::Session));
        } else {
            return Err(FetchError::unsupported(format!("{} as an activity", collection.data_type)));
        }
    }
    Ok(found)
}
