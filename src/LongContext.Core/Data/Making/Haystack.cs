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

    /// <summary>
    /// Documents one after the other, for example essays, and again from the first; all white space becomes one blank, and a piece is a word, in scripts without spaces a letter.
    /// </summary>
    /// <param name="documents">
    /// At least one with a word. Something can be put where a sentence ends: after . ! ? or their like in other scripts; between any two pieces where there is hardly a sentence (less
    /// than one in a thousand pieces).
    /// </param>
    /// <param name="fromRandomPlace">
    /// Whether each item begins at a sentence drawn from its seed (the default), or at the beginning, as RULER and the needle test do.
    /// </param>
    /// <exception cref="ArgumentException">No document has a word.</exception>
    public static Haystack FromDocuments(IEnumerable<string> documents, bool fromRandomPlace = true)
    {
        ArgumentNullException.ThrowIfNull(documents);
        List<HaystackPiece> pieces = [];
        foreach (string document in documents) pieces.AddRange(HaystackPiece.Of(document));
        if (pieces.Count == 0) throw new ArgumentException("No document has a word.", nameof(documents));
        return new DocumentHaystack([.. pieces], fromRandomPlace);
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

    /// <summary>One item's pieces, from the first on, without end.</summary>
    /// <param name="random">Draws.</param>
    /// <param name="needle">Makes a needle that nobody asks about.</param>
    internal abstract IEnumerable<HaystackPiece> Pieces(SplitMix64 random, Func<string>? needle);

    private sealed class SentenceHaystack(string[] sentences) : Haystack
    {
        internal override string Separator => " ";

        internal override string Identity { get; } = Settings.Text("sentences", 0, (object)sentences);

        internal override IEnumerable<HaystackPiece> Pieces(SplitMix64 random, Func<string>? needle)
        {
            while (true)
            {
                bool first = true;
                foreach (HaystackPiece piece in HaystackPiece.Of(sentences[random.NextInt(sentences.Length)]))
                {
                    yield return piece with { IsBorder = first };
                    first = false;
                }
            }
        }
    }

    private sealed class DocumentHaystack : Haystack
    {
        // No prose has sentences of so many words; the places of a text without sentences would all be one.
        private const int LongestSentence = 1_000;

        private readonly HaystackPiece[] pieces;
        private readonly bool fromRandomPlace;

        public DocumentHaystack(HaystackPiece[] pieces, bool fromRandomPlace)
        {
            (this.pieces, this.fromRandomPlace) = (pieces, fromRandomPlace);
            long ends = pieces.Count(piece => piece.EndsSentence);
            for (int i = 0; i < pieces.Length; i++)
                pieces[i] = pieces[i] with { IsBorder = i == 0 || ends * LongestSentence < pieces.Length || pieces[i - 1].EndsSentence };
            Identity = Settings.Text("documents", fromRandomPlace ? 1 : 0, (object)Texts());
        }

        internal override string Separator => " ";

        internal override string Identity { get; }

        internal override IEnumerable<HaystackPiece> Pieces(SplitMix64 random, Func<string>? needle)
        {
            int start = fromRandomPlace ? random.NextInt(pieces.Length) : 0;
            while (!pieces[start].IsBorder) start = (start + 1) % pieces.Length;
            for (int i = start; ; i = (i + 1) % pieces.Length) yield return pieces[i];
        }

        /// <summary>The words, one that goes on where another ends marked so: cut otherwise, a text makes other items.</summary>
        private string[] Texts() => [.. pieces.Select(piece => piece.Continues ? "\0" + piece.Text : piece.Text)];
    }

    private sealed class LineHaystack(string line) : Haystack
    {
        internal override string Separator => "\n";

        internal override string Identity { get; } = Settings.Text("lines", 0, line);

        internal override IEnumerable<HaystackPiece> Pieces(SplitMix64 random, Func<string>? needle)
        {
            while (true) yield return new HaystackPiece(line, IsBorder: true);
        }
    }

    private sealed class NeedleHaystack : Haystack
    {
        internal override string Separator => "\n";

        internal override string Identity => "needles";

        internal override IEnumerable<HaystackPiece> Pieces(SplitMix64 random, Func<string>? needle)
        {
            if (needle is null) throw new InvalidOperationException($"{nameof(Haystack)}.{nameof(Needles)} is only for a {nameof(NeedleMaker)}.");
            while (true) yield return new HaystackPiece(needle(), IsBorder: true);
        }
    }
}
