namespace LongContext.Samples.BookSummarization.Words;

/// <summary>A made-up chapter. Its summary is the paragraphs' openings in order.</summary>
internal sealed record Chapter(IReadOnlyList<Paragraph> Paragraphs)
{
    public string Text => string.Join(' ', Paragraphs.Select(paragraph => $"{paragraph.Opening} {paragraph.Rest}".TrimEnd()));

    public string Summary => string.Join(' ', Paragraphs.Select(paragraph => paragraph.Opening));

    /// <summary>Its first tokens as a chapter of their own: a key sentence that does not fit whole is left out, and the last one that does is the final one.</summary>
    public Chapter CutTo(int tokens)
    {
        var kept = new List<Paragraph>();
        foreach (Paragraph paragraph in Paragraphs)
        {
            tokens -= paragraph.OpeningTokens;
            if (tokens < 0) break;
            string[] rest = [.. paragraph.Rest.Split(' ').Take(tokens)];
            tokens -= rest.Length;
            kept.Add(paragraph with { Rest = string.Join(' ', rest) });
        }

        if (kept.Count > 0) kept[^1] = kept[^1] with { IsFinal = true };
        return new Chapter(kept);
    }
}
