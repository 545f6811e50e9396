using LongContext.Data.Examples;
using LongContext.Evaluation.Metrics;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Finds passages by the question's words: Okapi BM25.</summary>
/// <remarks>
/// <para>The score of a passage is the sum over the question's words, each as often as it stands there, of idf · tf / (tf + k1 · (1 − b + b · length / mean length)), where tf is
/// how often the passage has the word and lengths are counted in words (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond", equation
/// 3.15; without the constant factor k1 + 1, which changes no order). idf is Lucene's ln(1 + (N − n + 0.5) / (n + 0.5)) of N passages, n with the word, which
/// is never negative. The passages of the one context are all there is to count.</para>
/// <para>Words are runs of letters, marks and digits in lower case after NFKC, without an English 's; of scripts without spaces every letter and every two letters
/// in a row. There are no stop words. Passages of equal score are in the order of the text, and those without any of the words come last, so that as many are
/// found as are wanted.</para>
/// </remarks>
public sealed class Bm25Retriever : IChunkRetriever
{
    private readonly Bm25Options options;

    /// <summary>A retriever.</summary>
    /// <param name="options">Its options, or null for the defaults.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message has all of them.</exception>
    public Bm25Retriever(Bm25Options? options = null)
    {
        this.options = options ?? new();
        SettingsFaults.Throw(nameof(Bm25Options), this.options.Faults(), nameof(options));
    }

    /// <inheritdoc />
    public string Name => options.StemsEnglish ? "bm25 stems" : "bm25";

    /// <inheritdoc />
    public string Identity => $"bm25 {options.Identity}, words 1";

    /// <inheritdoc />
    public ValueTask<ChunkRanking> RankAsync(ChunkQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        cancellationToken.ThrowIfCancellationRequested();
        double[] scores = Scores(query.Text, query.Chunks, cancellationToken);
        IReadOnlyList<RankedChunk> ranked = TopRanks.Of(scores, query.Count);
        return ValueTask.FromResult(new ChunkRanking(ranked) { FoundCount = ranked.Count(chunk => chunk.Score > 0) });
    }

    internal double[] Scores(string query, IReadOnlyList<TextChunk> chunks, CancellationToken cancellationToken = default)
    {
        QueryTerms terms = new(query, options.StemsEnglish);
        double[] scores = new double[chunks.Count];
        if (terms.Count == 0 || chunks.Count == 0) return scores;
        // Only what is there is kept: passages × words would be too much for long questions on long contexts.
        (int Term, int Frequency)[][] found = new (int, int)[chunks.Count][];
        int[] lengths = new int[chunks.Count], chunksWith = new int[terms.Count];
        for (int chunk = 0; chunk < chunks.Count; chunk++)
        {
            if (chunk % 256 == 0) cancellationToken.ThrowIfCancellationRequested();
            (found[chunk], lengths[chunk]) = terms.CountIn(chunks[chunk].Text);
            foreach ((int term, _) in found[chunk]) chunksWith[term]++;
        }

        double mean = lengths.Average();
        double[] weights = [.. terms.Weights.Select((weight, term) => weight * Math.Log(1 + ((chunks.Count - chunksWith[term] + 0.5) / (chunksWith[term] + 0.5))))];
        for (int chunk = 0; chunk < chunks.Count; chunk++)
        {
            double held = options.K1 * (1 - options.B + (options.B * lengths[chunk] / mean)), score = 0;
            foreach ((int term, int frequency) in found[chunk]) score += weights[term] * frequency / (frequency + held);
            scores[chunk] = score;
        }

        return scores;
    }

    /// <summary>A question's words, which are all that is counted in passages.</summary>
    private sealed class QueryTerms
    {
        private readonly bool stems;
        private readonly Dictionary<string, int> numbers = new(StringComparer.Ordinal);
        private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup;
        private readonly Dictionary<string, int> stemmed = new(StringComparer.Ordinal); // of words met in passages
        private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> stemmedLookup;
        private readonly List<double> weights = [];
        private readonly List<int> met = []; // words of the passage that is counted
        private int[]? counts; // how often

        public QueryTerms(string query, bool stems)
        {
            this.stems = stems;
            lookup = numbers.GetAlternateLookup<ReadOnlySpan<char>>();
            stemmedLookup = stemmed.GetAlternateLookup<ReadOnlySpan<char>>();
            for (SearchWords words = new(SearchWords.Prepare(query)); words.MoveNext();)
            {
                string word = Stem(words.Current.ToString());
                if (numbers.TryAdd(word, weights.Count)) weights.Add(0);
                weights[numbers[word]]++;
            }
        }

        public int Count => weights.Count;

        public List<double> Weights => weights;

        /// <summary>How often each word that a text has stands there, in the order of the question's words, and how many words the text has.</summary>
        public ((int Term, int Frequency)[] Found, int Length) CountIn(string text)
        {
            int length = 0;
            counts ??= new int[Count];
            for (SearchWords words = new(SearchWords.Prepare(text)); words.MoveNext(); length++)
            {
                int number = NumberOf(words.Current);
                if (number >= 0 && counts[number]++ == 0) met.Add(number);
            }

            met.Sort();
            (int, int)[] found = new (int, int)[met.Count];
            for (int i = 0; i < found.Length; i++)
            {
                found[i] = (met[i], counts[met[i]]);
                counts[met[i]] = 0;
            }

            met.Clear();
            return (found, length);
        }

        private int NumberOf(ReadOnlySpan<char> word)
        {
            if (!stems) return lookup.TryGetValue(word, out int number) ? number : -1;
            if (stemmedLookup.TryGetValue(word, out int known)) return known;
            return stemmedLookup[word] = numbers.GetValueOrDefault(Stem(word.ToString()), -1);
        }

        private string Stem(string word) => stems && IsLatin(word) ? PorterStemmer.Stem(word) : word;

        private static bool IsLatin(string word) => word.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9'));
    }
}
