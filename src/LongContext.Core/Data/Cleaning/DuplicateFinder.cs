using LongContext.Data.Examples;

namespace LongContext.Data.Cleaning;

/// <summary>Finds the clusters of duplicates in a data set: exact ones by a 128-bit hash, near ones by MinHash and locality-sensitive hashing.</summary>
/// <remarks>
/// <para>As Lee et al. 2021 ("Deduplicating training data makes language models better") and text-dedup do it: candidates share a band, are checked,
/// and the clusters are the connected parts of the graph of those that passed. Deterministic for any number of threads.</para>
/// <para>Memory: a batch of up to 16 million characters, and for each document about 100 bytes; for each that has no exact duplicate before it 4 bytes a
/// permutation and about 50 a band besides (by default 1.1 to 1.3 kB in all), with <see cref="CandidateCheck.Exact"/> 8 bytes for each distinct
/// shingle.</para>
/// </remarks>
public static class DuplicateFinder
{
    /// <summary>Reads a source to its end and finds the duplicates in it.</summary>
    /// <param name="source">The examples, one pass over them; their parts are looked at as one text.</param>
    /// <param name="options">What counts as a duplicate; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static DuplicateReport Find(IDataSource<TrainingExample> source, DuplicateOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        options ??= new DuplicateOptions();
        options.Validate();
        MinHasher hasher = new(options.MinHash);
        Clustering clustering = new(options);
        ExampleBatches.ForEach(
            source, options.DegreeOfParallelism, example => DocumentKeys.Make(example, options, hasher), (example, keys) => clustering.Add(example.Origin, keys), cancellationToken);
        return clustering.Report();
    }

    private sealed class Clustering(DuplicateOptions options)
    {
        private readonly LshTable? table = options.Near ? new LshTable(options.EffectiveBands) : null;
        private readonly Dictionary<UInt128, int> exact = [];
        private readonly DisjointSets sets = new();
        private readonly List<Document> documents = [];
        private int cutShort;

        public void Add(RecordOrigin? origin, DocumentKeys keys)
        {
            int number = documents.Count;
            sets.Add();
            if (options.Exact != ExactMatching.None && !exact.TryAdd(keys.Hash, number))
            {
                int first = exact[keys.Hash];
                sets.Union(first, number);
                documents.Add(new Document(origin, keys.Bytes, keys.Characters, DuplicateKind.Exact, documents[first].Signature, null));
                return;
            }

            documents.Add(new Document(origin, keys.Bytes, keys.Characters, DuplicateKind.Near, keys.Signature, keys.Shingles));
            if (keys.Signature is null) return;
            ulong[] bands = table!.Keys(keys.Signature.Values);
            if (!LinkCandidates(number, bands)) cutShort++;
            for (int band = 0; band < bands.Length; band++) table.Add(band, bands[band], number);
        }

        /// <summary>Joins the document with those before it that share a band and pass the check; false where there were more than it may be compared with.</summary>
        private bool LinkCandidates(int number, ulong[] bands)
        {
            int left = options.MaximumCandidates ?? int.MaxValue;
            for (int band = 0; band < bands.Length; band++)
            {
                for (int link = table!.First(band, bands[band]); link != LshTable.End;)
                {
                    int candidate = table.Document(link);
                    bool together = sets.Find(candidate) == sets.Find(number);
                    if (!together)
                    {
                        if (left-- == 0) return false;
                        together = Passes(documents[number], documents[candidate]);
                        if (together) sets.Union(candidate, number);
                    }

                    // Of the document's own set no other need be looked at; of another every one may be the one that links the two.
                    link = together ? table.NextOutside(link, sets) : table.Next(link);
                }
            }

            return true;
        }

        public DuplicateReport Report()
        {
            List<DuplicateCluster> clusters = [];
            foreach (IGrouping<int, int> cluster in Enumerable.Range(0, documents.Count).GroupBy(sets.Find).Where(cluster => cluster.Skip(1).Any()))
            {
                int kept = options.Keep == KeptDuplicate.Longest ? cluster.MaxBy(number => documents[number].Characters) : cluster.First();
                clusters.Add(new DuplicateCluster(Member(kept, kept), [.. cluster.Where(number => number != kept).Select(number => Member(number, kept))]));
            }

            return new DuplicateReport
            {
                Documents = documents.Count,
                CutShort = cutShort,
                Bytes = documents.Sum(document => document.Bytes),
                Clusters = [.. clusters.OrderBy(cluster => cluster.Kept.Number)],
            };
        }

        private DuplicateMember Member(int number, int kept)
        {
            Document document = documents[number];
            double similarity = document.Signature is { } own && documents[kept].Signature is { } other ? own.EstimateJaccard(other) : 1;
            return new DuplicateMember(number, document.Origin, document.Bytes, document.Kind, similarity);
        }

        private bool Passes(Document document, Document candidate) => options.Check switch
        {
            CandidateCheck.None => true,
            CandidateCheck.Exact => MinHasher.Jaccard(document.Shingles!, candidate.Shingles!) >= options.Threshold,
            _ => document.Signature!.EstimateJaccard(candidate.Signature!) >= options.Threshold,
        };
    }

    private sealed record Document(RecordOrigin? Origin, long Bytes, long Characters, DuplicateKind Kind, MinHashSignature? Signature, ulong[]? Shingles);
}
