using System.Globalization;

namespace LongContext.Samples.QuickStart.Reporting;

/// <summary>Numbers for people.</summary>
internal static class Figures
{
    /// <summary>The value in a format; large ones without decimals.</summary>
    public static string Show(double value, string format) =>
        value >= 1000 ? value.ToString("#,0", CultureInfo.InvariantCulture) : value.ToString(format, CultureInfo.InvariantCulture);

    public static string Time(TimeSpan time) => time.TotalHours >= 1 ? $"{(int)time.TotalHours}:{time:mm\\:ss}" : $"{time:m\\:ss}";

    public static string Megabytes(long bytes) => $"{bytes / 1_000_000.0:N0} MB";
}
