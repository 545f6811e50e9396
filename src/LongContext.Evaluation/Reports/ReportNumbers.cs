using System.Globalization;
using LongContext.Data.Reports;

namespace LongContext.Evaluation.Reports;

/// <summary>Numbers as reports show them, the same in every culture.</summary>
internal static class ReportNumbers
{
    public const string None = "–";

    /// <summary>A score: of 100 where the task's scores are shares, else with four digits.</summary>
    public static string Score(double? score, bool isShare) => score is { } value ? isShare ? Fixed(100 * value, "0.0") : Figure(value) : None;

    /// <summary>A score in a narrow cell.</summary>
    public static string ShortScore(double score, bool isShare) => isShare ? Fixed(100 * score, "0") : Figure(score, digits: 3);

    /// <summary>A figure in its authors' unit, rounded to so many places; more only where it would vanish.</summary>
    public static string Official(double? value, int places) =>
        value is not { } number ? None : Fixed(number, !Rounds(number) ? "G3" : places switch { 0 => "0", 1 => "0.0", _ => "0.00" });

    /// <summary>How many places figures need that stand below one another, at most two.</summary>
    public static int Places(IEnumerable<double?> values) =>
        values.Where(value => value is { } number && Rounds(number)).Select(value => Fixed(value!.Value, "0.##"))
            .Select(text => text.IndexOf('.', StringComparison.Ordinal) is >= 0 and int at ? text.Length - at - 1 : 0).DefaultIfEmpty().Max();

    private static bool Rounds(double number) => double.IsFinite(number) && Math.Abs(number) is >= 0.005 or 0;

    public static string Interval(ConfidenceInterval? interval, bool isShare) =>
        interval is { } given ? $"{Score(given.Low, isShare)} to {Score(given.High, isShare)}" : None;

    public static string Figure(double value, int digits = 4)
    {
        if (!double.IsFinite(value)) return Fixed(value, "");
        double size = Math.Abs(value);
        if (size is >= 1e7 or (< 1e-4 and > 0)) return value.ToString("0.##E+0", CultureInfo.InvariantCulture);
        int whole = size < 1 ? 1 : (int)Math.Floor(Math.Log10(size)) + 1;
        return value.ToString("N" + Math.Max(0, digits - whole).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }

    public static string Length(int tokens) => tokens % 1024 == 0 ? Figures.Short(tokens) : Figures.Count(tokens);

    public static string Depth(double depth) => Fixed(100 * depth, "0.#") + " %";

    public static string Tokens(long tokens) => Figures.Rounded(tokens);

    public static string Count(long number) => Figures.Count(number);

    public static string Cost(decimal? cost, string? currency) =>
        cost is { } value ? value.ToString(Math.Abs(value) is >= 0.1m or 0 ? "N2" : "0.00####", CultureInfo.InvariantCulture) + (currency is null ? "" : " " + currency) : None;

    public static string Time(TimeSpan time)
    {
        if (time.Ticks < 0) return "-" + Time(time.Negate());
        if (time.TotalSeconds < 1) return Invariant($"{time.TotalMilliseconds:0} ms");
        if (time.TotalSeconds < 99.95) return Invariant($"{time.TotalSeconds:0.0} s");
        if (time.TotalMinutes < 99.95) return Invariant($"{time.TotalMinutes:0.0} min");
        return Invariant($"{time.TotalHours:N1} h");
    }

    /// <summary>How much of something is used against something else: "0.25×".</summary>
    public static string Ratio(double part, double whole) => whole > 0 ? (part / whole < 0.0995 ? Fixed(part / whole, "0.000") : Figure(part / whole, digits: 3)) + "×" : None;

    public static string Signed(double difference) => (difference > 0 ? "+" : "") + Fixed(difference, "0.0");

    /// <summary>A difference of scores with its sign: of 100 where they are shares.</summary>
    public static string Difference(double difference, bool isShare) => isShare ? Signed(100 * difference) : (difference > 0 ? "+" : "") + Figure(difference);

    public static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Fixed(double value, string format) =>
        double.IsNaN(value) ? "NaN" : double.IsInfinity(value) ? value > 0 ? "∞" : "−∞" : value.ToString(format, CultureInfo.InvariantCulture).Replace("-", "−", StringComparison.Ordinal);
}
