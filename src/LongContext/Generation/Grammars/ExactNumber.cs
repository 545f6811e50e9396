using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LongContext.Generation.Grammars;

/// <summary>A number as JSON spells it, without rounding: mantissa · 10^exponent.</summary>
internal readonly record struct ExactNumber(BigInteger Mantissa, int Exponent)
{
    /// <summary>Digits, and the exponent's size, at most: double-precision numbers have fewer, and more would let a few characters ask for much work.</summary>
    private const int Most = 1000;

    /// <summary>Whether it has no fraction.</summary>
    public bool IsInteger => Exponent >= 0 || (Mantissa % Power(-Exponent)).IsZero;

    /// <summary>The number of a node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="name">What the message calls it.</param>
    /// <exception cref="ArgumentException">It is no number, or one of more than a thousand digits before or behind the point.</exception>
    public static ExactNumber Of(JsonNode node, string name)
    {
        if (node.GetValueKind() != JsonValueKind.Number) throw new ArgumentException($"The schema's {name} is {Shortened(node.ToJsonString())}, expected a number.");
        string text = node.ToJsonString();
        int mark = text.AsSpan().IndexOfAny('e', 'E');
        ReadOnlySpan<char> digits = mark < 0 ? text : text.AsSpan(0, mark);
        int point = digits.IndexOf('.'), fraction = point < 0 ? 0 : digits.Length - point - 1;
        if (digits.Length > Most || !TryExponent(mark < 0 ? "0" : text.AsSpan(mark + 1), out int exponent))
            throw new ArgumentException($"The schema's {name} is {Shortened(text)}, expected at most {Most} digits and an exponent of at most {Most}.");
        string whole = point < 0 ? digits.ToString() : string.Concat(digits[..point], digits[(point + 1)..]);
        return new ExactNumber(BigInteger.Parse(whole, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture), exponent - fraction);
    }

    /// <summary>Below 0 where it is less than another.</summary>
    public int CompareTo(ExactNumber other)
    {
        int low = Math.Min(Exponent, other.Exponent);
        return (Mantissa * Power(Exponent - low)).CompareTo(other.Mantissa * Power(other.Exponent - low));
    }

    /// <summary>Whether it is another, above 0, a whole number of times.</summary>
    /// <exception cref="ArgumentException">The other is 0 or below.</exception>
    public bool IsMultipleOf(ExactNumber other)
    {
        if (other.Mantissa.Sign <= 0) throw new ArgumentException("The schema's multipleOf is 0 or below, expected a number above 0.");
        int low = Math.Min(Exponent, other.Exponent);
        return (Mantissa * Power(Exponent - low) % (other.Mantissa * Power(other.Exponent - low))).IsZero;
    }

    private static bool TryExponent(ReadOnlySpan<char> text, out int exponent) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent) && Math.Abs((long)exponent) <= Most;

    private static BigInteger Power(int exponent) => BigInteger.Pow(10, exponent);

    private static string Shortened(string text) => text.Length <= 100 ? text : text[..100] + "…";
}
