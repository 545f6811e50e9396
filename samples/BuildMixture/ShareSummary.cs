using LongContext.Data.Mixing;

namespace LongContext.Samples.BuildMixture;

/// <summary>What a share of a mixture gave, and what was left out of it.</summary>
internal sealed record ShareSummary(
    string Name, double Share, double TokenShare, long Items, long Tokens, long Passes, bool Ended, long Documents, long TooShort, long TooShortTokens, long TooLong, long BadLines)
{
    public static IReadOnlyList<ShareSummary> Of(PublishedMixtureReport report) => [.. report.Given.Sources.Zip(report.Excluded, (given, excluded) => new ShareSummary(
        given.Name, given.Share, report.Given.TokenShare(given), given.Items, given.Tokens, given.Passes, given.Ended,
        excluded.Documents, excluded.TooShort, excluded.TooShortTokens, excluded.TooLong, excluded.BadLines))];
}
