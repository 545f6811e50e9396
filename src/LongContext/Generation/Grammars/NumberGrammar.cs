using System.Globalization;

namespace LongContext.Generation.Grammars;

/// <summary>Numbers between two bounds as digits, without an exponent.</summary>
internal sealed class NumberGrammar
{
    private const int FractionDigits = 20;
    private readonly GrammarGraph graph;
    private readonly Dictionary<(int Place, bool Low, bool High), int> known = [];
    private readonly string low;
    private readonly string high;
    private readonly bool isLowOpen;
    private readonly bool isHighOpen;
    private readonly int point;
    private readonly int places;
    private readonly int to;

    private NumberGrammar(GrammarGraph graph, (string Digits, bool IsOpen) low, (string Digits, bool IsOpen) high, int point, int fraction, int to)
    {
        (this.graph, this.low, isLowOpen, this.high, isHighOpen) = (graph, low.Digits, low.IsOpen, high.Digits, high.IsOpen);
        (this.point, this.to) = (point, to);
        places = point + fraction;
    }

    /// <summary>Reads a number of a range.</summary>
    /// <param name="graph">The grammar.</param>
    /// <param name="from">Where it begins.</param>
    /// <param name="minimum">The lower bound.</param>
    /// <param name="isMinimumOpen">Whether the bound itself is left out.</param>
    /// <param name="maximum">The upper bound.</param>
    /// <param name="isMaximumOpen">Whether the bound itself is left out.</param>
    /// <param name="isInteger">Whether there are no decimals.</param>
    /// <param name="to">Where it leads.</param>
    /// <returns>Whether there is such a number.</returns>
    public static bool Range(GrammarGraph graph, int from, decimal minimum, bool isMinimumOpen, decimal maximum, bool isMaximumOpen, bool isInteger, int to)
    {
        bool any = false;
        if (maximum >= 0)
        {
            (decimal, bool) least = minimum >= 0 ? (minimum, isMinimumOpen) : (0, false);
            any |= Positive(graph, from, least, (maximum, isMaximumOpen), isInteger, to);
        }

        if (minimum < 0)
        {
            int sign = graph.Add();
            (decimal, bool) least = maximum < 0 ? (-maximum, isMaximumOpen) : (0, true);
            if (Positive(graph, sign, least, (-minimum, isMinimumOpen), isInteger, to))
            {
                graph.Byte(from, (byte)'-', (byte)'-', sign);
                any = true;
            }
        }

        return any;
    }

    private static bool Positive(GrammarGraph graph, int from, (decimal Value, bool IsOpen) low, (decimal Value, bool IsOpen) high, bool isInteger, int to)
    {
        if (low.Value > high.Value) return false;
        string[] lows = Parts(low.Value), highs = Parts(high.Value);
        int fraction = isInteger ? Math.Max(lows[1].Length, highs[1].Length) : Math.Max(FractionDigits, Math.Max(lows[1].Length, highs[1].Length));
        bool any = false;
        for (int length = lows[0].Length; length <= highs[0].Length; length++)
        {
            // Of numbers with as many digits before the point, those between; a shorter one is less, a longer one more.
            string least = length == lows[0].Length ? lows[0] : "1" + new string('0', length - 1);
            string most = length == highs[0].Length ? highs[0] : new string('9', length);
            bool isFirst = length == lows[0].Length, isLast = length == highs[0].Length;
            var digits = new NumberGrammar(
                graph,
                (least + (isFirst ? lows[1] : "").PadRight(fraction, '0'), isFirst && low.IsOpen),
                (most + (isLast ? highs[1].PadRight(fraction, '0') : new string('9', fraction)), isLast && high.IsOpen),
                length, isInteger ? 0 : fraction, to);
            int start = digits.At(0, tightLow: true, tightHigh: true);
            if (start < 0) continue;
            graph.Empty(from, start);
            any = true;
        }

        return any;
    }

    private static string[] Parts(decimal value)
    {
        string[] parts = value.ToString(CultureInfo.InvariantCulture).Split('.');
        return [parts[0], parts.Length > 1 ? parts[1].TrimEnd('0') : ""];
    }

    /// <summary>The node after some digits, of which it is known whether they are the bounds' own; −1 where no number follows.</summary>
    private int At(int place, bool tightLow, bool tightHigh)
    {
        if (known.TryGetValue((place, tightLow, tightHigh), out int node)) return node;
        node = graph.Add();
        bool any = false;
        if (place >= point && MayEnd(place, tightLow, tightHigh))
        {
            graph.Empty(node, to);
            any = true;
        }

        if (place < places)
        {
            int from = node;
            if (place == point) from = graph.Add();
            int least = tightLow ? low[place] : '0', most = tightHigh ? high[place] : '9';
            // No zero before other digits.
            if (place == 0 && point > 1) least = Math.Max(least, '1');
            bool digits = false;
            for (int digit = least; digit <= most; digit++)
            {
                int next = At(place + 1, tightLow && digit == low[place], tightHigh && digit == high[place]);
                if (next < 0) continue;
                graph.Byte(from, (byte)digit, (byte)digit, next);
                digits = true;
            }

            if (digits && from != node) graph.Byte(node, (byte)'.', (byte)'.', from);
            any |= digits;
        }

        return known[(place, tightLow, tightHigh)] = any ? node : -1;
    }

    private bool MayEnd(int place, bool tightLow, bool tightHigh)
    {
        // What is not written is zero.
        if (tightLow && (low.AsSpan(place).ContainsAnyExcept('0') || isLowOpen)) return false;
        return !tightHigh || !isHighOpen || high.AsSpan(place).ContainsAnyExcept('0');
    }
}
