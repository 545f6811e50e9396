using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using LongContext.Data.Reading;

namespace LongContext.Data.Cleaning;

/// <summary>The n-grams of evaluation sets, for finding them in training data. Any number of threads may use one.</summary>
/// <remarks>
/// A hash that agrees is compared word by word, so nothing is found by chance. Memory: the normalised texts at 2 bytes a character, and 35 to 50 bytes
/// for each n-gram.
/// </remarks>
public sealed class NGramIndex
{
    private readonly NGramTable table = new();
    private readonly int[] lengths;
    private readonly string[] texts; // normalised
    private readonly int[] instanceOfText;
    private readonly List<Place> places = []; // of each n-gram, where it came first
    private readonly ulong hashMask;
    private readonly List<int>[] gramsOfInstance;
    private readonly Lazy<string> identity;

    private NGramIndex(IEnumerable<EvaluationText> evaluation, NGramIndexOptions options, ulong hashMask)
    {
        this.hashMask = hashMask;
        WordScanner scanner = new();
        List<string> normalized = [];
        List<int> owners = [], words = [];
        List<(string Set, string Instance)> instances = [];
        Dictionary<(string Set, string Instance), int> numbers = [];
        int number = 0;
        foreach (EvaluationText text in evaluation)
        {
            if (text?.Set is null || text.Instance is null || text.Text is null) throw new ArgumentException($"Evaluation text {number}, or a part of it, is null.", nameof(evaluation));
            if (!numbers.TryGetValue((text.Set, text.Instance), out int instance))
            {
                numbers.Add((text.Set, text.Instance), instance = instances.Count);
                instances.Add((text.Set, text.Instance));
            }

            scanner.Scan(text.Text);
            normalized.Add(scanner.Words(0, scanner.Count).ToString());
            owners.Add(instance);
            words.Add(scanner.Count);
            number++;
        }

        texts = [.. normalized];
        instanceOfText = [.. owners];
        Instances = instances;
        gramsOfInstance = [.. instances.Select(_ => new List<int>())];
        Dictionary<string, int> lengthOfSet = LengthsOfSets(options, words);
        SortedSet<int> used = [];
        for (int t = 0; t < texts.Length; t++)
        {
            int n = lengthOfSet[Instances[instanceOfText[t]].Set];
            if (words[t] < n) n = options.ShortTexts == ShortTextPolicy.WholeText && words[t] >= options.MinimumLength ? words[t] : 0;
            if (n == 0) continue;
            used.Add(n);
            scanner.Scan(texts[t]);
            AddNGrams(scanner, t, n);
        }

        lengths = [.. used];
        table.Complete();
        identity = new Lazy<string>(FindIdentity);
    }

    /// <summary>Distinct n-grams.</summary>
    public int NGrams => table.Count;

    /// <summary>Names what is looked for: indices of the same n-grams in the same order have the same. Computed once, when it is first asked for.</summary>
    public string Identity => identity.Value;

    /// <summary>Instances of all sets, in the order they came.</summary>
    internal IReadOnlyList<(string Set, string Instance)> Instances { get; }

    /// <summary>The instance's n-grams, each once; none where all its texts are too short.</summary>
    internal IReadOnlyList<int> NGramsOf(int instance) => gramsOfInstance[instance];

    /// <summary>Builds an index.</summary>
    /// <param name="evaluation">The texts that must not be in training data.</param>
    /// <param name="options">Which n-grams; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option is out of its range (the message names all that are), or a text is null.</exception>
    public static NGramIndex Build(IEnumerable<EvaluationText> evaluation, NGramIndexOptions? options = null) => Build(evaluation, options, ulong.MaxValue);

    /// <summary>
    /// Builds an index of the evaluations in files of any form that <see cref="RecordSource"/> reads: each file is a set, named as it is below the folder that all share
    /// ("hotpotqa" of hotpotqa.jsonl), each record an instance.
    /// </summary>
    /// <param name="patterns">Files, folders and patterns, as <see cref="DataFiles.Find"/> takes them.</param>
    /// <param name="fields">
    /// The fields that hold the texts that must not be in training data: questions and answers rather than documents that stand in the training data anyway. Names, or paths
    /// into objects ("data.question"); of lists and objects every text in them is taken. A record need not have all of them, but one that has none is a bad line.
    /// </param>
    /// <param name="options">Which n-grams; null for the defaults.</param>
    /// <param name="reading">How the files are read; null for the defaults, under which a bad line ends it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ArgumentException">Fields, patterns or options are at fault; the message lists all faults.</exception>
    /// <exception cref="FileNotFoundException">Patterns that match nothing, all of them.</exception>
    /// <exception cref="DataFormatException">A bad line that is not to be passed; the message names file and line.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static NGramIndex FromFiles(
        IReadOnlyList<string> patterns, IReadOnlyList<string> fields, NGramIndexOptions? options = null, RecordSourceOptions? reading = null, CancellationToken cancellationToken = default) =>
        Build(new EvaluationFiles(patterns, fields, reading).Read(cancellationToken), options);

    /// <param name="evaluation">The texts.</param>
    /// <param name="options">Which n-grams.</param>
    /// <param name="hashMask">The bits of the hashes that are used: fewer of them make tests of what happens when hashes meet.</param>
    internal static NGramIndex Build(IEnumerable<EvaluationText> evaluation, NGramIndexOptions? options, ulong hashMask)
    {
        ArgumentNullException.ThrowIfNull(evaluation);
        options ??= new NGramIndexOptions();
        options.Validate();
        return new NGramIndex(evaluation, options, hashMask);
    }

    /// <summary>Finds all n-grams of the index in a text.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The matches by where they start, of equal starts the shorter first; they may overlap.</returns>
    public IReadOnlyList<NGramMatch> Find(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return [.. Scan(text).Select(hit => Match(hit))];
    }

    internal NGramMatch Match(NGramHit hit)
    {
        (string set, string instance) = Instances[instanceOfText[places[hit.NGram].Text]];
        return new NGramMatch(hit.Start, hit.End, Words(hit.NGram).ToString(), set, instance);
    }

    internal ReadOnlySpan<char> Words(int gram) => texts[places[gram].Text].AsSpan(places[gram].Start, places[gram].Length);

    /// <summary>The number of an n-gram given by its normalised words, or −1.</summary>
    internal int NumberOf(string words)
    {
        WordScanner scanner = WordScanner.OfThread;
        scanner.Scan(words);
        if (scanner.Count == 0 || !lengths.Contains(scanner.Count)) return -1;
        return Number(RollingHash.All(scanner.Hashes, scanner.Count)[0] & hashMask, scanner.Words(0, scanner.Count));
    }

    internal List<NGramHit> Scan(string text)
    {
        List<NGramHit> hits = [];
        WordScanner scanner = WordScanner.OfThread;
        scanner.Scan(text);
        foreach (int n in lengths) Scan(scanner, n, hits);
        // The lengths come one after the other; a sort that keeps the order of equal starts brings them together.
        if (lengths.Length > 1 && hits.Count > 1) hits = [.. hits.OrderBy(hit => hit.Start)];
        return hits;
    }

    private void Scan(WordScanner scanner, int n, List<NGramHit> hits)
    {
        ReadOnlySpan<ulong> words = scanner.Hashes;
        if (words.Length < n) return;
        RollingHash hash = new(n);
        for (int i = 0; i < n - 1; i++) hash.Add(words[i]);
        for (int last = n - 1; last < words.Length; last++)
        {
            if (last == n - 1) hash.Add(words[last]);
            else hash.Roll(words[last], words[last - n]);
            ulong mixed = hash.Mixed & hashMask;
            if (!table.MayHave(mixed)) continue;
            int gram = Number(mixed, scanner.Words(last - n + 1, n));
            if (gram >= 0) hits.Add(new NGramHit(gram, scanner.SourceStart(last - n + 1), scanner.SourceEnd(last)));
        }
    }

    private int Number(ulong hash, ReadOnlySpan<char> words)
    {
        foreach (int candidate in table.WithHash(hash))
        {
            if (Words(candidate).SequenceEqual(words)) return candidate;
        }

        return -1;
    }

    private void AddNGrams(WordScanner scanner, int text, int n)
    {
        ulong[] hashes = RollingHash.All(scanner.Hashes, n);
        List<int> ofInstance = gramsOfInstance[instanceOfText[text]];
        HashSet<int> known = [.. ofInstance];
        for (int i = 0; i < hashes.Length; i++)
        {
            ReadOnlySpan<char> words = scanner.Words(i, n);
            int gram = Number(hashes[i] & hashMask, words);
            if (gram < 0)
            {
                gram = table.Add(hashes[i] & hashMask);
                // The normalised text is its own normal form, so places in it are places in what was scanned.
                places.Add(new Place(text, scanner.SourceStart(i), words.Length));
            }

            if (known.Add(gram)) ofInstance.Add(gram);
        }
    }

    private Dictionary<string, int> LengthsOfSets(NGramIndexOptions options, List<int> words)
    {
        Dictionary<string, int> lengthOfSet = [];
        foreach (IGrouping<string, int> set in Enumerable.Range(0, texts.Length).GroupBy(t => Instances[instanceOfText[t]].Set, t => words[t]))
        {
            int[] sorted = [.. set.Order()];
            lengthOfSet[set.Key] = options.LengthByPercentile ? Math.Clamp(sorted[(sorted.Length - 1) / 20], options.MinimumLength, options.Length) : options.Length;
        }

        return lengthOfSet;
    }

    private string FindIdentity()
    {
        XxHash128 hash = new();
        for (int i = 0; i < places.Count; i++)
        {
            hash.Append(MemoryMarshal.AsBytes(Words(i)));
            hash.Append("\n"u8);
        }

        return string.Create(CultureInfo.InvariantCulture, $"{NGrams} n-grams ({hash.GetCurrentHashAsUInt128():x32})");
    }

    /// <summary>Characters of a normalised text.</summary>
    private readonly record struct Place(int Text, int Start, int Length);
}
