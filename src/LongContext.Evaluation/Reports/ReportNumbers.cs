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

    /// <summary>A figure in its authors' unit, rounded only as far as nobody could print it.</summary>
    public static string Official(double? value) => value is { } number ? Fixed(number, Math.Abs(number) is >= 0.01 or 0 ? "0.##" : "G3") : None;

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
        if (time.TotalMinutes < 60) return Invariant($"{(int)time.TotalMinutes} min {time.Seconds:00} s");
        return Invariant($"{(long)time.TotalHours} h {time.Minutes:00} min");
    }

    /// <summary>How much of something is used against something else: "0.25×".</summary>
    public static string Ratio(double part, double whole) => whole > 0 ? Figure(part / whole, digits: 3) + "×" : None;

    public static string Signed(double difference) => (difference > 0 ? "+" : "") + Fixed(difference, "0.0");

    public static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Fixed(double value, string format) =>
        double.IsNaN(value) ? "NaN" : double.IsInfinity(value) ? value > 0 ? "∞" : "−∞" : value.ToString(format, CultureInfo.InvariantCulture).Replace("-", "−", StringComparison.Ordinal);
}
