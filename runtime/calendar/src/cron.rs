//! Cron expressions: five fields of minutes, hours, days, months and weekdays.
//!
//! As cron(8) and crontab(5) have them, with names for months and weekdays, `a-b`, `a,b`, `*/n`, `a-b/n` and `a/n` (from
//! `a` on), 0 and 7 for Sunday, and `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`.

use std::ops::Range;

use dragoman_model::nearest;

/// Why a text is no cron expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The part that is wrong.
    pub at: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write.
    pub help: String,
}

/// A cron expression: each field as the set of the numbers that fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cron {
    pub(crate) minutes: u64,
    pub(crate) hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Days and weekdays are both said: one of the two is enough, as everywhere with cron.
    either: bool,
}

/// One of the five fields.
struct Field {
    what: &'static str,
    least: u32,
    most: u32,
    names: &'static [&'static str],
}

const MONTHS: &[&str] = &[
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const FIELDS: [Field; 5] = [
    Field::new("minute", 0, 59, &[]),
    Field::new("hour", 0, 23, &[]),
    Field::new("day of the month", 1, 31, &[]),
    Field::new("month", 1, 12, MONTHS),
    Field::new("weekday", 0, 7, WEEKDAYS),
];

/// The longest that each month can be.
const LENGTHS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

impl Field {
    const fn new(what: &'static str, least: u32, most: u32, names: &'static [&'static str]) -> Self {
        Field {
            what,
            least,
            most,
            names,
        }
    }

    /// A number, or a name in its place.
    fn number(&self, text: &str) -> Option<u32> {
        let named = || {
            let at = self.names.iter().position(|name| name.eq_ignore_ascii_case(text))?;
            Some(u32::try_from(at).ok()? + self.least)
        };
        let digits = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
        let number = if digits { text.parse().ok() } else { named() };
        number.filter(|number| (self.least..=self.most).contains(number))
    }

    /// The set of the numbers that fit a field.
    fn read(&self, text: &str, at: usize) -> Result<u64, Unreadable> {
        let mut set = 0;
        let mut start = at;
        for part in text.split(',') {
            set |= self.part(part, start)?;
            start += part.len() + 1;
        }
        Ok(set)
    }

    /// `*`, `a`, `a-b`, each perhaps with `/n`.
    fn part(&self, text: &str, at: usize) -> Result<u64, Unreadable> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (text, None),
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (self.least, if self.names.len() == 7 { 6 } else { self.most }),
            Some((first, last)) => (self.bound(first, at)?, self.bound(last, at + first.len() + 1)?),
            None => {
                let first = self.bound(range, at)?;
                (first, if step.is_some() { self.most } else { first })
            }
        };
        if first > last {
            let message = format!("`{range}` begins after its end");
            let help = format!("write two ranges: `{first}-{},{}-{last}`", self.most, self.least);
            return Err(Unreadable {
                at: at..at + range.len(),
                message,
                help,
            });
        }
        let step = step.map_or(Ok(1), |step| self.step(step, at + range.len() + 1))?;
        Ok((first..=last).step_by(step).fold(0, |set, number| set | 1 << number))
    }

    fn bound(&self, text: &str, at: usize) -> Result<u32, Unreadable> {
        self.number(text).ok_or_else(|| {
            let names = match self.names {
                [] => String::new(),
                names => format!(", or a name such as `{}`", names[1]),
            };
            Unreadable {
                at: at..at + text.len(),
                message: format!("`{text}` is no {}", self.what),
                help: format!(
                    "write a number from {} to {}{names}, or `*` for all",
                    self.least, self.most
                ),
            }
        })
    }

    fn step(&self, text: &str, at: usize) -> Result<usize, Unreadable> {
        let most = usize::try_from(self.most).unwrap_or(usize::MAX);
        let step = text.parse::<usize>().ok().filter(|step| (1..=most).contains(step));
        step.ok_or_else(|| Unreadable {
            at: at..at + text.len(),
            message: format!("`{text}` is no step between {}s", self.what),
            help: format!("write a number from 1 to {most}: `*/2` is every second {}", self.what),
        })
    }
}

impl Cron {
    /// Reads a cron expression.
    ///
    /// # Errors
    /// What is wrong with it, and where; also where it names a day that no year has.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let whole = match text.trim() {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@yearly" | "@annually" => "0 0 1 1 *",
            _ => text,
        };
        let words: Vec<(usize, &str)> = words(whole).collect();
        let [minutes, hours, days, months, weekdays] = words.as_slice() else {
            let short = words.first().filter(|_| words.len() == 1).map_or("", |(_, word)| *word);
            let named = short.trim_start_matches('@').to_lowercase();
            let meant = ["hourly", "daily", "weekly", "monthly", "yearly"].into_iter();
            let meant = nearest(&named, meant).map(|name| format!("did you mean `@{name}`?"));
            let help = match words.len() {
                1 if meant.is_some() => meant.as_deref().unwrap_or_default(),
                1 if short.starts_with('@') => "the names are `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly`",
                6 | 7 => "a schedule has no seconds and no years: minute, hour, day, month, weekday",
                _ => "write minute, hour, day of the month, month and weekday: `0 6 * * 1-5`",
            };
            return Err(Unreadable {
                at: 0..text.len(),
                message: format!("a cron expression has five fields, this one has {}", words.len()),
                help: time_of_day(text).unwrap_or_else(|| help.into()),
            });
        };
        let read = |index: usize, (at, word): &(usize, &str)| FIELDS[index].read(word, *at);
        let weekday_set = read(4, weekdays)?;
        let cron = Cron {
            minutes: read(0, minutes)?,
            hours: read(1, hours)?,
            days: read(2, days)?,
            months: read(3, months)?,
            weekdays: (weekday_set | weekday_set >> 7) & 0x7f,
            either: !days.1.contains('*') && !weekdays.1.contains('*'),
        };
        if cron.is_ever() {
            return Ok(cron);
        }
        Err(Unreadable {
            at: days.0..months.0 + months.1.len(),
            message: format!("no month `{}` has a day `{}`", months.1, days.1),
            help: "write a day that the month has; the last day of a month has no word here".into(),
        })
    }

    /// Whether some day of some year fits.
    fn is_ever(&self) -> bool {
        let in_month = |(month, length): (u32, u32)| {
            let day_is_there = (1..=length).any(|day| self.days & (1 << day) != 0);
            self.months & (1 << month) != 0 && (self.either || day_is_there)
        };
        (1..).zip(LENGTHS).any(in_month)
    }

    /// Whether it is due on a day: month and day from 1, weekday from 0 (Sunday).
    pub(crate) fn is_on(&self, month: i8, day: i8, weekday: i8) -> bool {
        let day = self.days & (1 << day) != 0;
        let weekday = self.weekdays & (1 << weekday) != 0;
        let fits = if self.either { day || weekday } else { day && weekday };
        fits && self.months & (1 << month) != 0
    }
}

/// The words of a text with their offsets.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let offset = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    text.split_ascii_whitespace().map(move |word| (offset(word), word))
}

/// A time of day, as it is written here: `8:30` is `30 8 * * *`.
fn time_of_day(text: &str) -> Option<String> {
    let (hour, minute) = text.trim().split_once(':')?;
    let minute = minute.strip_suffix(":00").unwrap_or(minute);
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then(|| format!("every day at that time is `{minute} {hour} * * *`"))
}

#[cfg(test)]
mod tests {
    use super::Cron;

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (text, part, message) in [
            ("", "", "a cron expression has five fields, this one has 0"),
            (
                "0 6 * *",
                "0 6 * *",
                "a cron expression has five fields, this one has 4",
            ),
            (
                "0 0 6 * * *",
                "0 0 6 * * *",
                "a cron expression has five fields, this one has 6",
            ),
            ("60 6 * * *", "60", "`60` is no minute"),
            ("0 24 * * *", "24", "`24` is no hour"),
            ("0 6 0 * *", "0", "`0` is no day of the month"),
            ("0 6 * jann *", "jann", "`jann` is no month"),
            ("0 6 * * 1-8", "8", "`8` is no weekday"),
            ("0 6 * * fri-mon", "fri-mon", "`fri-mon` begins after its end"),
            ("*/0 6 * * *", "0", "`0` is no step between minutes"),
            ("0,,5 6 * * *", "", "`` is no minute"),
            ("0 6 L * *", "L", "`L` is no day of the month"),
            ("0 6 31 feb,4 *", "31 feb,4", "no month `feb,4` has a day `31`"),
        ] {
            let wrong = Cron::parse(text).expect_err(text);
            assert_eq!(
                (&text[wrong.at.clone()], wrong.message.as_str()),
                (part, message),
                "{text}"
            );
            assert!(!wrong.help.is_empty());
        }
    }

    #[test]
    fn the_forms_of_a_field_mean_the_same() {
        for (text, same) in [
            ("*/15 * * * *", "0,15,30,45 * * * *"),
            ("5/20 * * * *", "5,25,45 * * * *"),
            ("0 6 * * mon-fri", "0 6 * * 1-5"),
            ("0 6 * * 7", "0 6 * * sun"),
            ("0 6 * * 5-7", "0 6 * * 0,5,6"),
            ("0 6 * JAN,dec *", "0 6 * 1,12 *"),
            ("@daily", "0 0 * * *"),
            ("  0   6 * * *  ", "0 6 * * *"),
        ] {
            assert_eq!(Cron::parse(text), Cron::parse(same), "{text}");
            assert!(Cron::parse(text).is_ok(), "{text}");
        }
    }
}
