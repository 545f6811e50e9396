using System.Text;

namespace LongContext.Core.Tests.Tokenization.Patterns;

/// <summary>Texts in which the classes of characters that patterns tell apart follow each other in every way.</summary>
internal static class RandomText
{
    private static readonly string[] s_fragments =
    [
        "a", "S", "t", "ll", "re", "'s", "'S", "'LL", "'ſ", "'", "K", "ſ", "1", "234", "²", "Ⅷ", "٣", "𝟎", " ", "  ", "\n", "\r", "\r\n", "\t", "\u00a0", "\u3000",
        "\u2028", "\u0085", "\u200b", ".", "!?", "_", "-", "€", "é", "e\u0301", "\u0301", "漢字", "カナ", "한", "🙂", "👩\u200d👧", "𐐀", "𠀀", "\u0000", "\ufffd", "\ue000", "\U000E0001",
    ];

    public static string Make(Random random, int length)
    {
        var text = new StringBuilder();
        string[] some = random.Next(2) == 0 ? s_fragments : random.GetItems(s_fragments, 5);
        for (int i = 0; i < length; i++)
        {
            if (random.Next(12) == 0) text.Append(AnyRune(random).ToString());
            else text.Append(some[random.Next(some.Length)]);
        }

        return text.ToString();
    }

    private static Rune AnyRune(Random random)
    {
        while (true)
        {
            if (Rune.TryCreate(random.Next(4) == 0 ? random.Next(0x110000) : random.Next(0x3100), out Rune rune)) return rune;
        }
    }
}
