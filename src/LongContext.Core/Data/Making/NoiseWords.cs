namespace LongContext.Data.Making;

/// <summary>Words that say nothing, to fill a length up with: RULER's noise over and over.</summary>
internal static class NoiseWords
{
    private static readonly string[] Words = "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again.".Split(' ');

    /// <summary>The first words, a blank between them; the last ends like a sentence.</summary>
    /// <param name="count">How many, at least 0.</param>
    public static string Take(int count)
    {
        if (count == 0) return "";
        string text = string.Join(' ', Enumerable.Range(0, count).Select(i => Words[i % Words.Length]));
        return text.EndsWith('.') ? text : text + ".";
    }
}
