using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using LongContext.Data.Examples;

namespace LongContext.Data.Cleaning;

/// <summary>
/// Removes what stands in evaluations from training data, and keeps count of it. Two passes: <see cref="Count"/> finds the n-grams that are too frequent to mean
/// anything (may be left out), <see cref="CleaningExtensions.Decontaminate"/> or <see cref="Clean"/> cleans.
/// </summary>
/// <remarks>Any number of threads may clean. Memory besides the index: 9 bytes an n-gram, and the passages that the report keeps.</remarks>
public sealed class Decontaminator
{
    private readonly Lock reporting = new();
    private readonly NGramIndex index;
    private readonly DecontaminationOptions options;
    private readonly int[] documentsWith; // from counting
    private readonly bool[] found; // from cleaning
    private readonly bool[] ignored;
    private readonly Dictionary<DecontaminationOutcome, long> outcomes = Enum.GetValues<DecontaminationOutcome>().ToDictionary(outcome => outcome, _ => 0L);
    private readonly List<ContaminatedPassage> passages = [];
    private long documents, pieces, removedCharacters, passageCount;

    /// <summary>Makes a decontaminator that has seen nothing.</summary>
    /// <param name="index">What to look for.</param>
    /// <param name="options">What becomes of what is found; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    public Decontaminator(NGramIndex index, DecontaminationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(index);
        this.index = index;
        this.options = options ??= new DecontaminationOptions();
        options.Validate();
        documentsWith = new int[index.NGrams];
        found = new bool[index.NGrams];
        ignored = new bool[index.NGrams];
    }

    /// <summary>N-grams that are not looked for, as normalised words. To go on with a cleaning in another process without counting again, give them to <see cref="Ignore"/>.</summary>
    public IReadOnlyList<string> IgnoredNGrams => [.. Enumerable.Range(0, ignored.Length).Where(gram => ignored[gram]).Select(gram => index.Words(gram).ToString())];

    /// <summary>
    /// Names what is looked for, what is ignored of it and what becomes of what is found: for the <see cref="Caching.TokenCacheKey.Settings"/> of what is made with
    /// it. Computed at each call; ask after <see cref="Count"/> and <see cref="Ignore"/>.
    /// </summary>
    public string Identity
    {
        get
        {
            UInt128 hash = XxHash128.HashToUInt128(MemoryMarshal.AsBytes<bool>(ignored));
            return string.Create(CultureInfo.InvariantCulture, $"decontaminated of {index.Identity}, {ignored.Count(gram => gram)} ignored ({hash:x32}), {options.Identity}");
        }
    }

    /// <summary>
    /// Reads training data to its end and counts the documents with each n-gram; those in more than <see cref="DecontaminationOptions.MaximumDocuments"/>
    /// are ignored from now on. The report then tells of the evaluations, whether anything is cleaned or not.
    /// </summary>
    /// <param name="source">The training data, one pass over it.</param>
    /// <param name="degreeOfParallelism">Threads, at least 1; the result is the same for any number. Default: null, one for each core.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Count(IDataSource<TrainingExample> source, int? degreeOfParallelism = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (degreeOfParallelism is { } degree) ArgumentOutOfRangeException.ThrowIfLessThan(degree, 1, nameof(degreeOfParallelism));
        ExampleBatches.ForEach(
            source,
            degreeOfParallelism,
            example => index.Scan(ExampleTexts.Of(example)),
            (_, hits) =>
            {
                foreach (int gram in hits.Select(hit => hit.NGram).Distinct())
                {
                    if (++documentsWith[gram] > options.MaximumDocuments) ignored[gram] = true;
                }
            },
            cancellationToken);
    }

    /// <summary>Takes an n-gram for no contamination from now on.</summary>
    /// <param name="ngram">Its words.</param>
    /// <returns>Whether the index has it.</returns>
    public bool Ignore(string ngram)
    {
        ArgumentNullException.ThrowIfNull(ngram);
        if (index.NumberOf(ngram) is not (>= 0 and var gram)) return false;
        return ignored[gram] = true;
    }

    /// <summary>Cleans an example and counts what was found in it.</summary>
    /// <param name="example">The example.</param>
    public DecontaminationResult Clean(TrainingExample example) => Note(Examine(example));

    /// <summary>What was found and done so far.</summary>
    public ContaminationReport Report()
    {
        lock (reporting)
        {
            List<EvaluationSetContamination> sets = [];
            List<ContaminatedInstance> instances = [];
            foreach (IGrouping<string, int> set in Enumerable.Range(0, index.Instances.Count).GroupBy(instance => index.Instances[instance].Set))
            {
                int before = instances.Count;
                long grams = 0, foundGrams = 0;
                foreach (int instance in set)
                {
                    IReadOnlyList<int> own = index.NGramsOf(instance);
                    int foundOwn = own.Count(gram => (found[gram] || documentsWith[gram] > 0) && !ignored[gram]);
                    grams += own.Count;
                    foundGrams += foundOwn;
                    if (foundOwn > 0) instances.Add(new ContaminatedInstance(set.Key, index.Instances[instance].Instance, own.Count, foundOwn));
                }

                sets.Add(new EvaluationSetContamination(set.Key, set.Count(), set.Count(instance => index.NGramsOf(instance).Count == 0), instances.Count - before, grams, foundGrams));
            }

            return new ContaminationReport
            {
                Documents = documents,
                Contaminated = documents - outcomes[DecontaminationOutcome.Clean],
                Outcomes = new Dictionary<DecontaminationOutcome, long>(outcomes),
                Pieces = pieces,
                RemovedCharacters = removedCharacters,
                PassageCount = passageCount,
                Passages = [.. passages],
                Sets = sets,
                Instances = instances,
                IgnoredNGrams = ignored.Count(gram => gram),
            };
        }
    }

    /// <summary>What is in an example and what becomes of it; nothing is counted yet, so any thread may do it in any order.</summary>
    internal DecontaminationFinding Examine(TrainingExample example)
    {
        ArgumentNullException.ThrowIfNull(example);
        NGramHit[] hits = [.. index.Scan(ExampleTexts.Of(example)).Where(hit => !ignored[hit.NGram])];
        DecontaminationResult result = hits.Length == 0
            ? new DecontaminationResult(DecontaminationOutcome.Clean, [example], [])
            : Removing(example, [.. hits.Select(index.Match)]);
        return new DecontaminationFinding(example, hits, result);
    }

    /// <summary>Counts what was found in the next example; the order of the calls is that of the report.</summary>
    internal DecontaminationResult Note(DecontaminationFinding finding)
    {
        lock (reporting) Note(finding.Example, finding.Hits, finding.Result);
        return finding.Result;
    }

    private DecontaminationResult Removing(TrainingExample example, NGramMatch[] matches)
    {
        if (options.Action == DecontaminationAction.Remove || example is not TextExample document) return new DecontaminationResult(DecontaminationOutcome.Removed, [], matches);
        List<Range> ranges = TextCutter.Pieces(document.Text, matches.Select(match => (match.Start, match.End)), options.Window);
        if (ranges.Count > options.MaximumPieces) return new DecontaminationResult(DecontaminationOutcome.RemovedAsTooManyPieces, [], matches);
        TrainingExample[] left = [.. ranges.Where(range => range.End.Value - range.Start.Value >= options.MinimumPiece).Select(range => document with { Text = document.Text[range] })];
        return new DecontaminationResult(left.Length == 0 ? DecontaminationOutcome.RemovedAsTooShort : DecontaminationOutcome.Cut, left, matches);
    }

    private void Note(TrainingExample example, NGramHit[] hits, DecontaminationResult result)
    {
        outcomes[result.Outcome]++;
        long document = documents++;
        if (hits.Length == 0) return;
        pieces += result.Examples.Count;
        removedCharacters += example.TextLength - result.Examples.Sum(piece => piece.TextLength);
        for (int first = 0, next; first < hits.Length; first = next)
        {
            int end = hits[first].End;
            for (next = first + 1; next < hits.Length && hits[next].Start < end; next++) end = Math.Max(end, hits[next].End);
            if (passageCount++ >= options.ReportedPassages) continue;
            NGramMatch match = result.Matches[first];
            passages.Add(new ContaminatedPassage(example.Origin, document, match.Start, end - match.Start, match.Set, match.Instance, match.NGram, next - first, result.Outcome));
        }

        foreach (NGramHit hit in hits) found[hit.NGram] = true;
    }
}
