using System.Globalization;

namespace LongContext.Data.Reports;

/// <summary>Numbers as reports show them, the same in every culture.</summary>
internal static class Figures
{
    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    public static string Percent(double share) => (100 * share).ToString("0.00", CultureInfo.InvariantCulture) + " %";

    public static string Share(long part, long whole) => Percent(whole == 0 ? 0 : (double)part / whole);

    public static string Decimal(double number) => number.ToString("N1", CultureInfo.InvariantCulture);

    /// <summary>A power of two, or one less, in few characters: 512, 4K, 1M.</summary>
    public static string Short(long number) => number switch
    {
        >= 1 << 20 when number % (1 << 20) == 0 => string.Create(CultureInfo.InvariantCulture, $"{number >> 20}M"),
        >= 1 << 10 when number % (1 << 10) == 0 => string.Create(CultureInfo.InvariantCulture, $"{number >> 10}K"),
        _ => number.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>A number below a million as it is, a larger one with three digits: 950,000, 4.56M, 12.3G.</summary>
    public static string Rounded(long number)
    {
        if (number < 1_000_000) return Count(number);
        string[] units = ["M", "G", "T", "P", "E"];
        double rounded = number / 1e6;
        int unit = 0;
        while (rounded >= 999.5 && unit < units.Length - 1)
        {
            rounded /= 1000;
            unit++;
        }

        return rounded.ToString(rounded < 9.995 ? "0.00" : rounded < 99.95 ? "0.0" : "0", CultureInfo.InvariantCulture) + units[unit];
    }
}
