namespace LongContext.Data.Making;

/// <summary>Text to hide something in, as long as is asked for. It comes in pieces, with borders between them where something can be put.</summary>
public abstract class Haystack
{
    private protected Haystack()
    {
    }

    /// <summary>Thirty plain sentences in random order, none of which holds a number.</summary>
    public static Haystack PlainSentences { get; } = FromSentences(Making.PlainSentences.All);

    /// <summary>RULER's noise: the same five short sentences over and over, a line each time.</summary>
    public static Haystack Noise { get; } = Repeated("The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again.");

    /// <summary>
    /// Needles that nobody asks about: RULER's hardest haystack, a line each. Only for a <see cref="NeedleMaker"/>, which knows what its needles look
    /// like.
    /// </summary>
    public static Haystack Needles { get; } = new NeedleHaystack();

    /// <summary>Sentences in random order, a blank between them; a piece is a word, so that lengths are met closely.</summary>
    /// <param name="sentences">At least one, none empty.</param>
    /// <exception cref="ArgumentException">None, or an empty one.</exception>
    public static Haystack FromSentences(IReadOnlyList<string> sentences)
    {
        ArgumentNullException.ThrowIfNull(sentences);
        if (sentences.Count == 0 || sentences.Any(string.IsNullOrWhiteSpace)) throw new ArgumentException("Expected at least one sentence, none empty.", nameof(sentences));
        return new SentenceHaystack([.. sentences]);
    }

    /// <summary>Documents one after the other, for example essays, and again from the first; all white space becomes one blank, and a piece is a word.</summary>
    /// <param name="documents">At least one with a word. Something can be put where a sentence ends: after . ! ? or their full-width forms.</param>
    /// <param name="fromRandomPlace">
    /// Whether each item begins at a sentence drawn from its seed (the default), or at the beginning, as RULER and the needle test do.
    /// </param>
    /// <exception cref="ArgumentException">No document has a word.</exception>
    public static Haystack FromDocuments(IEnumerable<string> documents, bool fromRandomPlace = true)
    {
        ArgumentNullException.ThrowIfNull(documents);
        List<string> words = [];
        foreach (string document in documents) words.AddRange(TextUnits.Words(document).Select(word => document[word]));
        if (words.Count == 0) throw new ArgumentException("No document has a word.", nameof(documents));
        return new DocumentHaystack([.. words], fromRandomPlace);
    }

    /// <summary>The same line again and again.</summary>
    /// <param name="line">The line, not empty.</param>
    public static Haystack Repeated(string line)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(line);
        return new LineHaystack(line);
    }

    /// <summary>What stands between two pieces, and around what is put between them.</summary>
    internal abstract string Separator { get; }

    /// <summary>Names the haystack in settings.</summary>
    internal abstract string Identity { get; }

    /// <summary>One item's pieces, from the first on, without end; whether something can be put before each.</summary>
    /// <param name="random">Draws.</param>
    /// <param name="needle">Makes a needle that nobody asks about.</param>
    internal abstract IEnumerable<(string Piece, bool Border)> Pieces(SplitMix64 random, Func<string>? needle);

    private sealed class SentenceHaystack(string[] sentences) : Haystack
    {
        internal override string Separator => " ";

        internal override string Identity { get; } = Settings.Text("sentences", 0, (object)sentences);

        internal override IEnumerable<(string Piece, bool Border)> Pieces(SplitMix64 random, Func<string>? needle)
        {
            while (true)
            {
                string sentence = sentences[random.NextInt(sentences.Length)];
                bool first = true;
                foreach (Range word in TextUnits.Words(sentence))
                {
                    yield return (sentence[word], first);
                    first = false;
                }
            }
        }
    }

    private sealed class DocumentHaystack(string[] words, bool fromRandomPlace) : Haystack
    {
        internal override string Separator => " ";

        internal override string Identity { get; } = Settings.Text("documents", fromRandomPlace ? 1 : 0, (object)words);

        internal override IEnumerable<(string Piece, bool Border)> Pieces(SplitMix64 random, Func<string>? needle)
        {
            int start = fromRandomPlace ? random.NextInt(words.Length) : 0;
            for (int tried = 0; tried < words.Length && start > 0 && !Ends(words[start - 1]); tried++) start = (start + 1) % words.Length;
            for (int i = start; ; i = (i + 1) % words.Length) yield return (words[i], i == 0 || Ends(words[i - 1]));
        }

        private static bool Ends(string word) => word.AsSpan().TrimEnd("\"'”’)]»") is [.., '.' or '!' or '?' or '。' or '！' or '？'];
    }

    private sealed class LineHaystack(string line) : Haystack
    {
        internal override string Separator => "\n";

        internal override string Identity { get; } = Settings.Text("lines", 0, line);

        internal override IEnumerable<(string Piece, bool Border)> Pieces(SplitMix64 random, Func<string>? needle)
        {
            while (true) yield return (line, true);
        }
    }

    private sealed class NeedleHaystack : Haystack
    {
        internal override string Separator => "\n";

        internal override string Identity => "needles";

        internal override IEnumerable<(string Piece, bool Border)> Pieces(SplitMix64 random, Func<string>? needle)
        {
            if (needle is null) throw new InvalidOperationException($"{nameof(Haystack)}.{nameof(Needles)} is only for a {nameof(NeedleMaker)}.");
            while (true) yield return (needle(), true);
        }
    }
}
