using System.Globalization;
using System.Numerics;

namespace LongContext.Data.Making;

/// <summary>Draws keys, values and names of one half, each once.</summary>
internal sealed class RandomValues(ValueSplit split, SplitMix64 random)
{
    private readonly HashSet<string> taken = new(StringComparer.Ordinal);
    private readonly bool remembers = true;
    private SplitMix64 random = random;

    /// <summary>Others than those drawn from another, but of these the same may come again: they may be more than there are.</summary>
    public RandomValues(RandomValues others, ValueSplit split, SplitMix64 random)
        : this(split, random)
    {
        taken = others.taken;
        remembers = false;
    }

    public double NextDouble() => random.NextDouble();

    public int NextInt(int bound) => random.NextInt(bound);

    public void Shuffle<T>(Span<T> values) => random.Shuffle(values);

    public string Next(NeedleKind kind) => Draw(kind switch
    {
        NeedleKind.Numbers => Number,
        NeedleKind.Words => Pair,
        _ => Uuid,
    });

    /// <summary>Capital letters: five as a rule, at most eight.</summary>
    public string NextVariable(int length = 5) => Draw(() =>
    {
        Span<char> letters = stackalloc char[8];
        letters = letters[..length];
        int sum = 0;
        foreach (ref char letter in letters)
        {
            int drawn = random.NextInt(26);
            sum += drawn;
            letter = (char)('A' + drawn);
        }

        return (new string(letters), sum);
    });

    /// <summary>A number of five digits.</summary>
    public string NextFiveDigits() => Draw(() => Digits(10_000, 90_000));

    private (string, int) Number() => Digits(1_000_000, 9_000_000);

    private (string, int) Digits(int lowest, int count)
    {
        string text = (lowest + random.NextInt(count)).ToString(CultureInfo.InvariantCulture);
        return (text, text.Sum(digit => digit - '0'));
    }

    private (string, int) Pair()
    {
        int adjective = random.NextInt(PlainAdjectives.All.Count), noun = random.NextInt(PlainWords.All.Count);
        return ($"{PlainAdjectives.All[adjective]}-{PlainWords.All[noun]}", adjective + noun);
    }

    private (string, int) Uuid()
    {
        // Version 4 and variant 10, as RFC 9562 has them; the other 122 bits are random.
        ulong high = (random.Next() & 0xFFFFFFFFFFFF0FFF) | 0x4000, low = (random.Next() & 0x3FFFFFFFFFFFFFFF) | 0x8000000000000000;
        string text = string.Create(CultureInfo.InvariantCulture, $"{high >> 32:x8}-{(high >> 16) & 0xFFFF:x4}-{high & 0xFFFF:x4}-{low >> 48:x4}-{low & 0xFFFFFFFFFFFF:x12}");
        return (text, BitOperations.PopCount(high) + BitOperations.PopCount(low));
    }

    private string Draw(Func<(string Text, int Sum)> draw)
    {
        while (true)
        {
            (string text, int sum) = draw();
            if (sum % 2 == (split == ValueSplit.Training ? 0 : 1) && (remembers ? taken.Add(text) : !taken.Contains(text))) return text;
        }
    }
}
