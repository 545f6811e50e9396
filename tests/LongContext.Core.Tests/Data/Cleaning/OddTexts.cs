namespace LongContext.Data.Cleaning;

/// <summary>Short texts of everything that is special: spaces, punctuation, marks, selectors, letters without spaces, pairs and halves of them.</summary>
internal static class OddTexts
{
    public static IEnumerable<string> Make(int count)
    {
        string[] parts = ["a", "B", "ab", " ", " ", "\n", "\u00A0", "\u3000", ".", "...", "，", "“", "-", "1", "去", "学", "ก", "\u0E34", "๒", "𠀀", "😀", "❤\uFE0F", "葛\uDB40\uDD00", "\uD800", "\uDC00", "e\u0301", "\u200D", "\0"];
        for (int i = 0; i < count; i++)
        {
            Random random = new(i);
            yield return string.Concat(Enumerable.Range(0, random.Next(30)).Select(_ => parts[random.Next(parts.Length)]));
        }
    }
}
