using System.Globalization;
using System.Text;

namespace LongContext.Data.Cleaning;

/// <summary>What a <see cref="DuplicateFinder"/> found in a data set.</summary>
public sealed record DuplicateReport
{
    /// <summary>Documents looked at.</summary>
    public required int Documents { get; init; }

    /// <summary>Documents that were not compared with all candidates, since they had more than <see cref="DuplicateOptions.MaximumCandidates"/>. Default 0.</summary>
    public int CutShort { get; init; }

    /// <summary>Their text's length in UTF-8.</summary>
    public required long Bytes { get; init; }

    /// <summary>Clusters of two documents or more, by the number of the one that is kept.</summary>
    public required IReadOnlyList<DuplicateCluster> Clusters { get; init; }

    /// <summary>Documents that are the same as an earlier one.</summary>
    public int ExactDuplicates => Clusters.Sum(cluster => cluster.Duplicates.Count(member => member.Kind == DuplicateKind.Exact));

    /// <summary>Documents that are similar to another, but not the same.</summary>
    public int NearDuplicates => Clusters.Sum(cluster => cluster.Duplicates.Count(member => member.Kind == DuplicateKind.Near));

    /// <summary>Bytes of all duplicates.</summary>
    public long DuplicateBytes => Clusters.Sum(cluster => cluster.Duplicates.Sum(member => member.Bytes));

    /// <summary>The duplicates' origins, to be left out of a source by <see cref="CleaningExtensions.Without"/>.</summary>
    /// <exception cref="InvalidOperationException">A duplicate has no origin, or the origin of the document that is kept (the source gave one record twice).</exception>
    public ExclusionList ToExclusionList()
    {
        ExclusionList list = new();
        foreach (DuplicateCluster cluster in Clusters)
        {
            foreach (DuplicateMember member in cluster.Duplicates)
            {
                if (member.Origin is null) throw new InvalidOperationException($"Document {member.Number} has no origin, so it cannot be left out by it.");
                if (member.Origin == cluster.Kept.Origin)
                    throw new InvalidOperationException($"The source gave {member.Origin} twice (documents {cluster.Kept.Number} and {member.Number}): leaving it out would leave out both. Look for duplicates in one pass over the data.");
                string kept = cluster.Kept.Origin?.ToString() ?? string.Create(CultureInfo.InvariantCulture, $"document {cluster.Kept.Number}");
                list.Add(member.Origin, member.Kind == DuplicateKind.Exact
                    ? $"the same as {kept}"
                    : string.Create(CultureInfo.InvariantCulture, $"near-duplicate of {kept} (similarity {member.Similarity:0.00})"));
            }
        }

        return list;
    }

    /// <summary>The same as <see cref="ToText"/> with its defaults.</summary>
    public override string ToString() => ToText();

    /// <summary>Counts, and the largest clusters.</summary>
    /// <param name="clusters">How many clusters to list, largest first. Default 10.</param>
    public string ToText(int clusters = 10)
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"{Documents:N0} documents, {Bytes:N0} bytes");
        text.AppendLine(CultureInfo.InvariantCulture, $"{ExactDuplicates:N0} exact duplicates, {NearDuplicates:N0} near-duplicates in {Clusters.Count:N0} clusters: {DuplicateBytes:N0} bytes ({(Bytes == 0 ? 0 : 100.0 * DuplicateBytes / Bytes):0.0} %)");
        if (CutShort > 0) text.AppendLine(CultureInfo.InvariantCulture, $"{CutShort:N0} documents were compared with the most candidates only that {nameof(DuplicateOptions)}.{nameof(DuplicateOptions.MaximumCandidates)} allows");
        foreach (DuplicateCluster cluster in Clusters.OrderByDescending(cluster => cluster.Duplicates.Count).Take(clusters))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {cluster.Duplicates.Count + 1} of {Name(cluster.Kept)}");
            foreach (DuplicateMember member in cluster.Duplicates.Take(3)) text.AppendLine(CultureInfo.InvariantCulture, $"    {member.Similarity:0.00} {Name(member)}");
        }

        return text.ToString();

        static string Name(DuplicateMember member) => member.Origin?.ToString() ?? string.Create(CultureInfo.InvariantCulture, $"document {member.Number}");
    }
}
