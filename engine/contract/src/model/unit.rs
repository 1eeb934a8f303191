//! Conversions into the units of the model, named so that both units can be read at the call.
//!
//! Used by providers where a cloud serves another unit. Nothing here rounds, and no value is converted twice: the
//! model knows one unit per field.

/// Energy: thermochemical kilocalories of kilojoules.
pub const fn kilojoules_to_kcal(kilojoules: f64) -> f64 {
    kilojoules / 4.184
}

/// Energy: kilojoules of thermochemical kilocalories.
pub const fn kcal_to_kilojoules(kcal: f64) -> f64 {
    kcal * 4.184
}

/// Energy: kilocalories of joules.
pub const fn joules_to_kcal(joules: f64) -> f64 {
    kilojoules_to_kcal(joules / 1000.0)
}

/// Energy: kilocalories of small calories.
pub const fn calories_to_kcal(calories: f64) -> f64 {
    calories / 1000.0
}

/// Length: metres of kilometres.
pub const fn kilometers_to_meters(kilometers: f64) -> f64 {
    kilometers * 1000.0
}

/// Length: metres of international miles.
pub const fn miles_to_meters(miles: f64) -> f64 {
    miles * 1609.344
}

/// Length: metres of yards, as in pools.
pub const fn yards_to_meters(yards: f64) -> f64 {
    yards * 0.9144
}

/// Length: metres of feet.
pub const fn feet_to_meters(feet: f64) -> f64 {
    feet * 0.3048
}

/// Length: metres of centimetres.
pub const fn centimeters_to_meters(centimeters: f64) -> f64 {
    centimeters / 100.0
}

/// Length: centimetres of inches.
pub const fn inches_to_centimeters(inches: f64) -> f64 {
    inches * 2.54
}

/// Length: centimetres of metres, as in body heights.
pub const fn meters_to_centimeters(meters: f64) -> f64 {
    meters * 100.0
}

/// Mass: kilograms of avoirdupois pounds.
pub const fn pounds_to_kilograms(pounds: f64) -> f64 {
    pounds * 0.453_592_37
}

/// Mass: kilograms of grams.
pub const fn grams_to_kilograms(grams: f64) -> f64 {
    grams / 1000.0
}

/// Mass: grams of kilograms, as in bone and muscle.
pub const fn kilograms_to_grams(kilograms: f64) -> f64 {
    kilograms * 1000.0
}

/// Mass: milligrams of grams, as in sodium.
pub const fn grams_to_milligrams(grams: f64) -> f64 {
    grams * 1000.0
}

/// Mass: milligrams of micrograms, as in vitamins.
pub const fn micrograms_to_milligrams(micrograms: f64) -> f64 {
    micrograms / 1000.0
}

/// Volume: millilitres of US fluid ounces.
pub const fn fluid_ounces_to_milliliters(ounces: f64) -> f64 {
    ounces * 29.573_529_562_5
}

/// Volume: millilitres of litres.
pub const fn liters_to_milliliters(liters: f64) -> f64 {
    liters * 1000.0
}

/// Time: seconds of minutes.
pub const fn minutes_to_seconds(minutes: f64) -> f64 {
    minutes * 60.0
}

/// Time: seconds of hours.
pub const fn hours_to_seconds(hours: f64) -> f64 {
    hours * 3600.0
}

/// Time: seconds of milliseconds.
pub const fn milliseconds_to_seconds(milliseconds: f64) -> f64 {
    milliseconds / 1000.0
}

/// Speed: metres per second of kilometres per hour.
pub const fn kilometers_per_hour_to_meters_per_second(speed: f64) -> f64 {
    speed / 3.6
}

/// Speed: metres per second of miles per hour.
pub const fn miles_per_hour_to_meters_per_second(speed: f64) -> f64 {
    speed * 0.447_04
}

/// Pace: minutes per kilometre of a speed in metres per second; `None` when it does not move forward.
pub fn meters_per_second_to_minutes_per_kilometer(speed: f64) -> Option<f64> {
    (speed > 0.0).then(|| 1000.0 / speed / 60.0)
}

/// Speed: metres per second of a pace in minutes per kilometre; `None` for a pace that is not positive.
pub fn minutes_per_kilometer_to_meters_per_second(pace: f64) -> Option<f64> {
    (pace > 0.0).then(|| 1000.0 / pace / 60.0)
}

/// Speed: metres per second of a pace in seconds per metre; `None` for a pace that is not positive.
pub fn seconds_per_meter_to_meters_per_second(pace: f64) -> Option<f64> {
    (pace > 0.0).then(|| 1.0 / pace)
}

/// Temperature: degrees Celsius of degrees Fahrenheit.
pub const fn fahrenheit_to_celsius(fahrenheit: f64) -> f64 {
    (fahrenheit - 32.0) / 1.8
}

/// Temperature: degrees Celsius of kelvin.
pub const fn kelvin_to_celsius(kelvin: f64) -> f64 {
    kelvin - 273.15
}

/// A difference of temperatures: degrees Celsius of degrees Fahrenheit.
pub const fn fahrenheit_delta_to_celsius(delta: f64) -> f64 {
    delta / 1.8
}

/// Position: degrees of semicircles (2^31 of them make 180°), as in FIT files.
pub const fn semicircles_to_degrees(semicircles: f64) -> f64 {
    semicircles * (180.0 / 2_147_483_648.0)
}

/// Steps of strides: both feet make one stride.
pub const fn strides_to_steps(strides: f64) -> f64 {
    strides * 2.0
}

/// Share: percent of a fraction of one.
pub const fn fraction_to_percentage(fraction: f64) -> f64 {
    fraction * 100.0
}

/// Blood glucose: mg/dL of mmol/L (molar mass 180.156 g/mol).
pub const fn glucose_mmol_per_liter_to_mg_per_dl(mmol_per_liter: f64) -> f64 {
    mmol_per_liter * 18.015_6
}

/// Ketones: mg/dL of mmol/L, as beta-hydroxybutyrate (molar mass 104.105 g/mol).
pub const fn ketone_mmol_per_liter_to_mg_per_dl(mmol_per_liter: f64) -> f64 {
    mmol_per_liter * 10.410_5
}

/// Pressure: mmHg of kilopascals.
pub const fn kilopascals_to_mmhg(kilopascals: f64) -> f64 {
    kilopascals * 7.500_616_827
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_convert() {
        for (converted, known) in [
            (kilojoules_to_kcal(4184.0), 1000.0),
            (kcal_to_kilojoules(1000.0), 4184.0),
            (joules_to_kcal(4_184_000.0), 1000.0),
            (miles_to_meters(5.0), 8_046.72),
            (pounds_to_kilograms(220.462_262_184_877_6), 100.0),
            (fahrenheit_to_celsius(98.6), 37.0),
            (kelvin_to_celsius(310.15), 37.0),
            (semicircles_to_degrees(-1_073_741_824.0), -90.0),
            (kilometers_per_hour_to_meters_per_second(36.0), 10.0),
            (miles_per_hour_to_meters_per_second(1.0), 0.447_04),
            (meters_per_second_to_minutes_per_kilometer(4.0).unwrap_or_default(), 4.166_666_666_666_667),
            (minutes_per_kilometer_to_meters_per_second(4.166_666_666_666_667).unwrap_or_default(), 4.0),
            (seconds_per_meter_to_meters_per_second(0.25).unwrap_or_default(), 4.0),
            (glucose_mmol_per_liter_to_mg_per_dl(5.5), 99.085_8),
            (strides_to_steps(90.0), 180.0),
            (kilopascals_to_mmhg(16.0), 120.009_869_232),
        ] {
            assert!((converted - known).abs() < 1e-9 * known.abs().max(1.0), "{converted} is not {known}");
        }
    }

    #[test]
    fn standing_still_has_no_pace() {
        for speed in [0.0, -1.0, f64::NAN] {
            assert_eq!(meters_per_second_to_minutes_per_kilometer(speed), None);
            assert_eq!(minutes_per_kilometer_to_meters_per_second(speed), None);
        }
    }
}
