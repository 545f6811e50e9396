using LongContext.AspNetCore.Protocol;
using LongContext.Evaluation;
using LongContext.Hosting;
using GenerationRequest = LongContext.AspNetCore.Protocol.GenerationRequest;

namespace LongContext.AspNetCore.Serving;

/// <summary>Log-probabilities that a request's answers may come to.</summary>
internal static class AnswerLogprobs
{
    /// <summary>Where there are any: waits until the model is there, which says how long an answer may be, and refuses more than one request may have.</summary>
    /// <returns>How many, at most; 0 where nobody says how long an answer may be, as with a client that is none of the library's.</returns>
    /// <exception cref="ProtocolException">They are more than the server holds of one request.</exception>
    /// <exception cref="ModelNotReadyException">The model could not be loaded, or the host stops.</exception>
    /// <exception cref="ModelOverloadedException">As many requests wait as may, or the model was not there in time.</exception>
    public static async Task<long> CountAsync(GenerationRequest request, LongContextModel model, OpenAIServerOptions limits, CancellationToken cancellationToken)
    {
        const string field = ChatOptionKeys.LogProbabilities;
        if (request.Options.AdditionalProperties is not { } properties || properties.GetValueOrDefault(field) is not true) return 0;
        long places = await model.LongestAnswerAsync(request.Options, cancellationToken).ConfigureAwait(false) ?? 0;
        int each = 1 + (properties.GetValueOrDefault(ChatOptionKeys.TopLogProbabilities) as int? ?? 0);
        if (places * each * request.Answers is var count && count <= limits.MaximumAnswerLogprobs) return count;
        string whose = request.Answers > 1 ? $"each of {request.Answers} answers" : "the answer";
        throw ProtocolException.Bad(
            $"'{field}' asks for up to {count} log-probabilities ({places} tokens that {whose} may have, times likeliest tokens and one), expected at most {limits.MaximumAnswerLogprobs}: " +
            "ask for shorter answers or for fewer likeliest tokens.", field);
    }
}
