using System.Globalization;

namespace LongContext.Chat;

/// <summary>A JSON number as Python writes it after reading it: <c>repr(json.loads(text))</c>.</summary>
internal static class PythonNumber
{
    /// <param name="text">A JSON number's text.</param>
    public static string Of(string text)
    {
        if (!text.AsSpan().ContainsAny('.', 'e', 'E')) return text == "-0" ? "0" : text;
        double value = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        // Python would write "Infinity", which is not JSON; what was given can be read again.
        if (!double.IsFinite(value)) return text;
        return (double.IsNegative(value) ? "-" : "") + Format(double.Abs(value).ToString("R", CultureInfo.InvariantCulture));
    }

    /// <summary>Lays the shortest digits out as Python does: an exponent below 10⁻⁴ and from 10¹⁶ on, else a point.</summary>
    private static string Format(string shortest)
    {
        int mark = shortest.IndexOf('E', StringComparison.Ordinal);
        string mantissa = mark < 0 ? shortest : shortest[..mark];
        int exponent = mark < 0 ? 0 : int.Parse(shortest.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        int point = mantissa.IndexOf('.', StringComparison.Ordinal);
        // The value is 0.digits × 10^place.
        int place = (point < 0 ? mantissa.Length : point) + exponent;
        string all = mantissa.Replace(".", "", StringComparison.Ordinal), digits = all.TrimStart('0');
        place -= all.Length - digits.Length;
        digits = digits.TrimEnd('0');
        if (digits.Length == 0) return "0.0";
        if (place is < -3 or > 16)
        {
            string fraction = digits.Length > 1 ? "." + digits[1..] : "";
            int power = place - 1;
            return $"{digits[0]}{fraction}e{(power < 0 ? '-' : '+')}{int.Abs(power).ToString("00", CultureInfo.InvariantCulture)}";
        }

        if (place <= 0) return "0." + new string('0', -place) + digits;
        return place >= digits.Length ? digits + new string('0', place - digits.Length) + ".0" : $"{digits[..place]}.{digits[place..]}";
    }
}
