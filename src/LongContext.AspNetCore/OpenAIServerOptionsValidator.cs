using LongContext.AspNetCore.Serving;
using Microsoft.Extensions.Options;

namespace LongContext.AspNetCore;

/// <summary>Says all that is wrong with a server's options, once, when the host starts.</summary>
internal sealed class OpenAIServerOptionsValidator : IValidateOptions<OpenAIServerOptions>
{
    public ValidateOptionsResult Validate(string? name, OpenAIServerOptions options)
    {
        List<string> faults = [];
        foreach ((string holder, string key) in options.ApiKeys)
        {
            // The key itself is no business of a log's.
            if (string.IsNullOrWhiteSpace(holder)) faults.Add("ApiKeys holds a key without a name");
            if (holder.Contains('\0', StringComparison.Ordinal)) faults.Add("ApiKeys holds a name with the character U+0000");
            if (ApiKey.Fault(key) is { } fault) faults.Add($"ApiKeys[\"{holder}\"] {fault}");
        }

        foreach (IGrouping<string, string> holders in options.ApiKeys.Where(pair => ApiKey.Fault(pair.Value) is null).GroupBy(pair => Convert.ToHexString(ApiKey.Of(pair.Key, pair.Value).Hash), pair => pair.Key))
        {
            if (holders.Count() > 1) faults.Add($"ApiKeys has one key for {string.Join(" and ", holders.Select(holder => $"\"{holder}\""))}, expected one for each");
        }

        AtLeast(1, options.MaximumBodyBytes, nameof(options.MaximumBodyBytes));
        if (options.MaximumBodyBytes > 1 << 30) faults.Add($"MaximumBodyBytes is {options.MaximumBodyBytes}, expected at most {1 << 30}");
        AtLeast(options.MaximumBodyBytes, options.MaximumBodyBytesTogether, nameof(options.MaximumBodyBytesTogether));
        AtLeast(1024, options.MaximumHeaderBytes, nameof(options.MaximumHeaderBytes));
        AtLeast(1, options.MaximumConnections, nameof(options.MaximumConnections));
        AtLeast(8, options.MaximumJsonDepth, nameof(options.MaximumJsonDepth));
        if (options.MaximumJsonDepth > 1000) faults.Add($"MaximumJsonDepth is {options.MaximumJsonDepth}, expected at most 1000");
        AtLeast(1, options.MaximumMessages, nameof(options.MaximumMessages));
        AtLeast(1, options.MaximumSchemaBytes, nameof(options.MaximumSchemaBytes));
        AtLeast(0, options.MaximumTools, nameof(options.MaximumTools));
        AtLeast(1, options.MaximumToolBytes, nameof(options.MaximumToolBytes));
        AtLeast(0, options.MaximumPromptLogprobs, nameof(options.MaximumPromptLogprobs));
        AtLeast(options.MaximumPromptLogprobs, options.MaximumPromptLogprobsTogether, nameof(options.MaximumPromptLogprobsTogether));
        AtLeast(0, options.MaximumAnswerLogprobs, nameof(options.MaximumAnswerLogprobs));
        AtLeast(options.MaximumAnswerLogprobs, options.MaximumAnswerLogprobsTogether, nameof(options.MaximumAnswerLogprobsTogether));
        AtLeast(0, options.MaximumStopStrings, nameof(options.MaximumStopStrings));
        AtLeast(1, options.MaximumStopStringLength, nameof(options.MaximumStopStringLength));
        AtLeast(1, options.MaximumChoices, nameof(options.MaximumChoices));
        if (options.MaximumChoices > 128) faults.Add($"MaximumChoices is {options.MaximumChoices}, expected at most 128");
        AtLeast(1, options.MaximumPrompts, nameof(options.MaximumPrompts));
        if (options.MaximumPrompts > 1024) faults.Add($"MaximumPrompts is {options.MaximumPrompts}, expected at most 1024");
        AtLeast(0, options.MaximumNamedTokens, nameof(options.MaximumNamedTokens));
        AtLeast(1, options.MaximumPromptTokens ?? 1, nameof(options.MaximumPromptTokens));
        AtLeast(1, options.MaximumOutputTokens ?? 1, nameof(options.MaximumOutputTokens));
        AtLeast(1, options.RequestsPerMinute ?? 1, nameof(options.RequestsPerMinute));
        if (options.RequestsPerMinute > AccessControl.MostRequestsPerMinute) faults.Add($"RequestsPerMinute is {options.RequestsPerMinute}, expected at most {AccessControl.MostRequestsPerMinute}");
        AtLeast(1, options.MaximumBufferedPieces, nameof(options.MaximumBufferedPieces));
        Time(options.RequestTimeout, nameof(options.RequestTimeout));
        Time(options.SlowReaderTimeout, nameof(options.SlowReaderTimeout));
        Time(options.KeepAliveInterval, nameof(options.KeepAliveInterval));
        Time(options.HeadersTimeout, nameof(options.HeadersTimeout));
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail($"OpenAIServerOptions: {string.Join("; ", faults)}.");

        void AtLeast(long least, long value, string option)
        {
            if (value < least) faults.Add($"{option} is {value}, expected at least {least}");
        }

        void Time(TimeSpan value, string option)
        {
            if (value <= TimeSpan.Zero || value > TimeSpan.FromDays(1)) faults.Add($"{option} is {value}, expected more than no time and at most a day");
        }
    }
}
