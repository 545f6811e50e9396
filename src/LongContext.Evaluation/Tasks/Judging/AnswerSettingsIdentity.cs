namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>Answer settings as part of a task's identity.</summary>
internal static class AnswerSettingsIdentity
{
    public static string ToIdentity(this AnswerSettings settings) => IdentityHash.Of(
        FormattableString.Invariant($"{settings.MaximumNewTokens} {settings.MinimumNewTokens} {settings.Temperature} {settings.TopP} {settings.Seed} {settings.Attempt}"),
        IdentityHash.Of(settings.StopSequences));
}
