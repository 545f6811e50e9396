using System.Text;
using LongContext.Data.Making;
using LongContext.Evaluation.Strategies.Cutting;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Measures pieces of a text in some unit.</summary>
internal abstract class UnitRuler
{
    public static UnitRuler For(string text, ChunkUnit unit, Tokenizer tokenizer)
    {
        switch (unit)
        {
            case ChunkUnit.Characters:
                return new Marks(text.Length, Characters(text));
            case ChunkUnit.Words:
                int[] words = [.. TextUnits.Words(text).Select(word => word.Start.Value)];
                if (words.Length > 0) words[0] = 0; // white space before the first word is that word's
                return new Marks(text.Length, words);
            default:
                TokenPlaces places = new(tokenizer, text);
                return places.Starts is { } starts ? new Marks(text.Length, starts) : new Counting(text, tokenizer, places.Count);
        }
    }

    /// <summary>Where so many units from a place on end, or the end of the text.</summary>
    public abstract int Advance(int start, int units);

    /// <summary>Where so many units before a place begin, or the beginning of the text.</summary>
    public abstract int Retreat(int end, int units);

    private static int[] Characters(string text)
    {
        List<int> starts = new(text.Length);
        for (int i = 0; i < text.Length; i += Rune.TryGetRuneAt(text, i, out Rune rune) ? rune.Utf16SequenceLength : 1) starts.Add(i);
        return [.. starts];
    }

    /// <summary>Units whose beginnings are known.</summary>
    private sealed class Marks(int length, int[] starts) : UnitRuler
    {
        public override int Advance(int start, int units)
        {
            int at = First(start) + units;
            return at < starts.Length ? starts[at] : length;
        }

        public override int Retreat(int end, int units)
        {
            int at = First(end) - units;
            return at > 0 ? starts[at] : 0;
        }

        private int First(int place)
        {
            int found = starts.AsSpan().BinarySearch(place);
            if (found < 0) return ~found;
            while (found > 0 && starts[found - 1] == place) found--; // parts of one character begin at the same place
            return found;
        }
    }

    /// <summary>Tokens of a tokenizer that does not say where they lie: pieces are counted.</summary>
    private sealed class Counting(string text, Tokenizer tokenizer, int tokens) : UnitRuler
    {
        private readonly double charactersPerToken = (double)text.Length / Math.Max(1, tokens);

        public override int Advance(int start, int units) =>
            start + Longest(text.Length - start, units, length => text.AsSpan(start, Border(start + length) - start));

        public override int Retreat(int end, int units) => end - Longest(end, units, length => text.AsSpan(Border(end - length)..end));

        private int Border(int place) => TextUnits.IsBorder(text, place) ? place : place - 1;

        private int Longest(int most, int units, Piece piece)
        {
            int good = 0, bad = most + 1;
            for (int tried = Math.Clamp((int)(units * charactersPerToken), 1, Math.Max(1, most)); bad - good > 1; tried = bad > most ? Math.Min(most, tried * 2) : (good + bad) / 2)
            {
                if (tokenizer.CountTokens(piece(tried)) <= units) good = tried;
                else bad = tried;
                if (good == most) break;
            }

            return good == 0 ? Math.Min(most, 1) : piece(good).Length;
        }

        private delegate ReadOnlySpan<char> Piece(int length);
    }
}
