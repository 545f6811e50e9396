using LongContext.Packing;

namespace LongContext.Samples.QuickStart.Repetition;

/// <summary>
/// Training documents in the word model's language, of any length. The words are random, so only copied words can be learned:
/// they alone count in the loss.
/// </summary>
internal sealed class RepetitionCorpus(RepetitionLanguage language, Random random)
{
    private const int MinimumCount = 4;
    private const double ShareOfLastWords = 0.4;
    private const double ShareOfSmallVocabularies = 0.5;
    private const int MinimumChunk = RepetitionLanguage.MaximumCount + 4;

    private readonly List<int> tokens = [];
    private readonly List<bool> mask = [];
    private readonly int[] words = [.. language.WordIds];
    private int wordsInUse;

    /// <summary>A row of words, then the same row from some place on: the plainest form of "what came after this before?".</summary>
    public TokenSequence Copy(int length)
    {
        Begin(length);
        int row = (length - 1) / 2;
        for (int i = 0; i < row; i++) Add(DrawWord(), counts: false);
        int from = random.Next(0, Math.Max(1, row / 2)), copied = length - tokens.Count;
        for (int i = 0; i < copied; i++) Add(tokens[1 + ((from + i) % row)], counts: i > 0); // the first cannot be known
        return Finish(length);
    }

    /// <summary>Pieces of text with questions between them: about the last words, or about words after markers anywhere before.</summary>
    /// <param name="length">Tokens of the document.</param>
    /// <param name="longestChunk">Longest piece of text without a question.</param>
    public TokenSequence Questions(int length, int longestChunk)
    {
        Begin(length);
        int[] markers = [.. language.MarkerIds];
        random.Shuffle(markers);
        var placed = new List<(int Marker, int At)>();
        while (tokens.Count < length)
        {
            AddChunk(ChunkLength(longestChunk), markers, placed);
            int end = tokens.Count, questions = random.Next(1, 5);
            for (int i = 0; i < questions; i++)
            {
                // Only the first question after a text can ask for its last words.
                bool last = i == 0 && (placed.Count == 0 || random.NextDouble() < ShareOfLastWords);
                if (!last && placed.Count == 0) break;
                Ask(last, end, placed);
            }
        }

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

    private void Begin(int length)
    {
        tokens.Clear();
        mask.Clear();
        Add(language.BeginningId, counts: false);

        // Half of the documents use few words, so that each stands there several times and only what came before it tells which
        // is meant. A text of 2,048 words has that of itself; shorter ones must be made so for it to be learned.
        int fewest = Math.Max(20, length / 5);
        wordsInUse = words.Length;
        if (fewest >= words.Length || random.NextDouble() >= ShareOfSmallVocabularies) return;
        wordsInUse = (int)(fewest * Math.Pow(words.Length / (double)fewest, random.NextDouble()));
        for (int i = 0; i < wordsInUse; i++)
        {
            int other = random.Next(i, words.Length);
            (words[i], words[other]) = (words[other], words[i]);
        }
    }

    private void Add(int token, bool counts)
    {
        tokens.Add(token);
        mask.Add(counts);
    }

    private TokenSequence Finish(int length) => new(tokens.Take(length).ToArray(), mask.Take(length).ToArray());

    private int DrawWord() => words[random.Next(wordsInUse)];
}
