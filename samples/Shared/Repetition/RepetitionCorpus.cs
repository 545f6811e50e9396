using LongContext.Packing;

namespace LongContext.Samples.Shared.Repetition;

/// <summary>
/// Training documents in the word model's language, of any length. The words are random, so only copied words can be learned:
/// they alone count in the loss.
/// </summary>
/// <param name="language">The words and signs.</param>
/// <param name="random">Decides all.</param>
/// <param name="shareOfLastWords">How many of the first questions after a text ask for its last words, 0 to 1.</param>
internal sealed class RepetitionCorpus(RepetitionLanguage language, Random random, double shareOfLastWords)
{
    private const int MinimumCount = 4;
    private const int MinimumChunk = RepetitionLanguage.MaximumCount + 4;

    private readonly List<int> tokens = [];
    private readonly List<bool> mask = [];

    /// <summary>A row of words, then the same row from some place on: the plainest form of "what came after this before?".</summary>
    public TokenSequence Copy(int length)
    {
        Begin();
        int row = (length - 1) / 2;
        for (int i = 0; i < row; i++) Add(DrawWord(), counts: false);
        int from = random.Next(0, Math.Max(1, row / 2)), copied = length - tokens.Count;
        for (int i = 0; i < copied; i++) Add(tokens[1 + ((from + i) % row)], counts: i > 0); // the first cannot be known
        return Finish(length);
    }

    /// <summary>Pieces of text with questions between them: about the last words, or about words after markers anywhere before.</summary>
    public TokenSequence Questions(int length)
    {
        Begin();
        int[] markers = [.. language.MarkerIds];
        random.Shuffle(markers);
        var placed = new List<(int Marker, int At)>();
        while (tokens.Count < length)
        {
            AddChunk(ChunkLength(length / 2), markers, placed);
            int end = tokens.Count, questions = random.Next(1, 5);
            for (int i = 0; i < questions; i++)
            {
                // Only the first question after a text can ask for its last words.
                bool last = i == 0 && (placed.Count == 0 || random.NextDouble() < shareOfLastWords);
                if (!last && placed.Count == 0) break;
                Ask(last, end, placed);
            }
        }

        return Finish(length);
    }

    /// <summary>One text, from two fifths to nine tenths of the document, then questions about markers anywhere in it: answers far away.</summary>
    public TokenSequence LongText(int length)
    {
        Begin();
        int[] markers = [.. language.MarkerIds];
        random.Shuffle(markers);
        var placed = new List<(int Marker, int At)>();
        AddChunk(Math.Max(MinimumChunk, (int)(length * (0.4 + (0.5 * random.NextDouble())))), markers, placed);
        int end = tokens.Count;
        for (bool first = true; tokens.Count < length; first = false) Ask(first && random.NextDouble() < shareOfLastWords, end, placed);
        return Finish(length);
    }

    private void AddChunk(int length, int[] markers, List<(int Marker, int At)> placed)
    {
        int start = tokens.Count;
        for (int i = 0; i < length; i++) Add(DrawWord(), counts: false);
        int wanted = Math.Min(markers.Length - placed.Count, Math.Max(1, length / 40));
        for (int i = 0; i < wanted; i++)
        {
            int at = start + random.Next(0, length - RepetitionLanguage.MaximumCount - 1);
            if (placed.Exists(place => place.At == at)) continue;
            tokens[at] = markers[placed.Count];
            placed.Add((markers[placed.Count], at));
        }
    }

    private void Ask(bool last, int endOfText, List<(int Marker, int At)> placed)
    {
        int count = random.Next(MinimumCount, RepetitionLanguage.MaximumCount + 1), from;
        if (last)
        {
            Add(language.LastId, counts: false);
            Add(language.CountIds[count - 1], counts: false);
            from = endOfText - count;
        }
        else
        {
            (int marker, int at) = placed[random.Next(placed.Count)];
            Add(language.RepeatId, counts: false);
            Add(marker, counts: false);
            from = at + 1;
        }

        for (int i = 0; i < count; i++) Add(tokens[from + i], counts: true);
    }

    /// <summary>As many short pieces as long ones, by orders of magnitude.</summary>
    private int ChunkLength(int longest) =>
        (int)(MinimumChunk * Math.Pow(Math.Max(longest, MinimumChunk) / (double)MinimumChunk, random.NextDouble()));

    private void Begin()
    {
        tokens.Clear();
        mask.Clear();
        Add(language.BeginningId, counts: false);
    }

    private void Add(int token, bool counts)
    {
        tokens.Add(token);
        mask.Add(counts);
    }

    private TokenSequence Finish(int length) => new(tokens.Take(length).ToArray(), mask.Take(length).ToArray());

    private int DrawWord() => language.WordIds[random.Next(language.WordIds.Length)];
}
