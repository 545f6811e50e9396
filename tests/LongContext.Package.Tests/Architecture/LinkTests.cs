using System.Text.RegularExpressions;
using LongContext.Package.Tests.Support;

namespace LongContext.Package.Tests.Architecture;

/// <summary>Links of the documents lead to files that are there.</summary>
public sealed partial class LinkTests
{
    [Fact]
    public void Links_OfAllDocuments_LeadSomewhere()
    {
        List<string> faults = [];
        int seen = 0;
        foreach (string file in Repository.Documents)
        {
            foreach (Match link in LinkPattern().Matches(File.ReadAllText(file)))
            {
                string target = link.Groups[1].Value.Split('#')[0];
                if (target.Length == 0 || target.Contains("://", StringComparison.Ordinal) || target.StartsWith("mailto:", StringComparison.Ordinal)) continue;
                seen++;
                if (!Path.Exists(Path.Combine(Path.GetDirectoryName(file)!, target))) faults.Add($"{Path.GetRelativePath(Repository.Root, file)}: {target}");
            }
        }

        Assert.True(seen > 10, $"only {seen} links were found");
        Assert.Empty(faults);
    }

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex LinkPattern();
}
