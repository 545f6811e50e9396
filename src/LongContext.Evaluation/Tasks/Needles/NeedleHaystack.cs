using LongContext.Data;
using LongContext.Data.Making;
using LongContext.Data.Reading;

namespace LongContext.Evaluation.Tasks.Needles;

/// <summary>The text around needles: files from their beginning over and over, or plain sentences in an order of the seed's.</summary>
internal sealed class NeedleHaystack
{
    private readonly string? text;
    private readonly int seed;

    public NeedleHaystack(IReadOnlyList<string> patterns, int seed)
    {
        this.seed = seed;
        if (patterns.Count > 0)
        {
            List<string> texts = [];
            using RecordSource<DataRecord> source = RecordSource.FromFiles(patterns);
            while (source.Next() is { } record) texts.Add(record.RequireText("text"));
            text = string.Concat(texts);
            if (string.IsNullOrWhiteSpace(text)) throw new ArgumentException($"The haystack's files ({string.Join(", ", patterns)}) hold no text.", nameof(patterns));
        }

        Identity = Settings.Text("haystack", seed, text ?? Data.Making.Haystack.PlainSentences.Identity);
    }

    public string Identity { get; }

    /// <summary>One item's text, as long as it is asked for.</summary>
    public Growing Open(long number) => new(text is null ? Sentences(new SplitMix64(seed, number)) : Repeated(text));

    private static IEnumerable<string> Sentences(SplitMix64 random)
    {
        while (true) yield return PlainSentences.All[random.NextInt(PlainSentences.All.Count)] + " ";
    }

    private static IEnumerable<string> Repeated(string text)
    {
        // Words at the end of one copy and the beginning of the next must not become one.
        string copy = TextUnits.IsSpace(text[^1]) ? text : text + "\n";
        while (true) yield return copy;
    }

    /// <summary>A text that grows, and where its words end, in scripts without spaces its letters.</summary>
    internal sealed class Growing(IEnumerable<string> parts)
    {
        private readonly IEnumerator<string> rest = parts.GetEnumerator();
        private readonly System.Text.StringBuilder whole = new();
        private readonly List<int> ends = [];
        private string text = "";

        /// <summary>The text to the end of a word or piece.</summary>
        public string Take(int words)
        {
            if (words == 0) return "";
            while (ends.Count < words)
            {
                rest.MoveNext();
                foreach (Range word in TextPieces.Of(rest.Current)) ends.Add(whole.Length + word.End.Value);
                whole.Append(rest.Current);
                text = "";
            }

            if (text.Length == 0) text = whole.ToString();
            return text[..ends[words - 1]];
        }
    }
}
