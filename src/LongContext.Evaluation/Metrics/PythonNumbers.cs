using System.Globalization;
using System.Numerics;
using System.Text;

namespace LongContext.Evaluation.Metrics;

/// <summary>Numbers in text as Python reads them: the decimal digits of all of Unicode, those beyond the first plane included.</summary>
internal static class PythonNumbers
{
    // sys.int_info.default_max_str_digits: int() refuses longer texts since 3.11.
    private const int MaximumDigits = 4300;

    /// <summary>Whether a decimal digit (<c>\d</c>, general category Nd) begins at an index.</summary>
    /// <param name="text">The text.</param>
    /// <param name="index">Where the code point begins; the text's length is no digit.</param>
    /// <param name="length">Its UTF-16 units, 1 or 2; 0 at the text's end.</param>
    public static bool IsDigit(string text, int index, out int length)
    {
        length = index >= text.Length ? 0 : char.IsSurrogatePair(text, index) ? 2 : 1;
        return length > 0 && CharUnicodeInfo.GetUnicodeCategory(text, index) == UnicodeCategory.DecimalDigitNumber;
    }

    /// <summary>Where the run of digits that begins at an index ends; the index itself where none does.</summary>
    public static int EndOfDigits(string text, int index)
    {
        while (IsDigit(text, index, out int length)) index += length;
        return index;
    }

    /// <summary>UTF-16 units of the code point at an index, which lies inside the text; half a pair is one.</summary>
    public static int LengthAt(string text, int index) => char.IsSurrogatePair(text, index) ? 2 : 1;

    /// <summary>A text with all decimal digits in ASCII.</summary>
    public static string ToAsciiDigits(string text)
    {
        var result = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length;)
        {
            if (IsDigit(text, i, out int length)) result.Append((char)('0' + CharUnicodeInfo.GetDecimalDigitValue(text, i)));
            else result.Append(text, i, length);
            i += length;
        }

        return result.ToString();
    }

    /// <summary>Python's int(): whitespace around it, a sign, digits of any script, single underscores between them.</summary>
    /// <returns>False where int() raises.</returns>
    public static bool TryParseInteger(string text, out BigInteger value)
    {
        value = default;
        string ascii = ToAsciiDigits(Words.Trim(text));
        bool negative = ascii.StartsWith('-');
        string digits = negative || ascii.StartsWith('+') ? ascii[1..] : ascii;
        if (digits.StartsWith('_') || digits.EndsWith('_') || digits.Contains("__", StringComparison.Ordinal)) return false;
        digits = digits.Replace("_", null, StringComparison.Ordinal);
        if (digits.Length is 0 or > MaximumDigits || digits.AsSpan().ContainsAnyExceptInRange('0', '9')) return false;
        value = BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
        if (negative) value = -value;
        return true;
    }

    /// <summary>Python's int(), which raises.</summary>
    /// <exception cref="FormatException">The text is no integer.</exception>
    public static BigInteger ParseInteger(string text) =>
        TryParseInteger(text, out BigInteger value) ? value : throw new FormatException($"\"{text}\" is no integer of at most {MaximumDigits} digits.");

    /// <summary>round(value, 2): exact on the binary value, ties to even, as "F2" is.</summary>
    public static double Round2(double value) => double.Parse(value.ToString("F2", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
