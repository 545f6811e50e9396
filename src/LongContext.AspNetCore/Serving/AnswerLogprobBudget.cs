using Microsoft.Extensions.Options;

namespace LongContext.AspNetCore.Serving;

/// <summary>Log-probabilities of answers.</summary>
internal sealed class AnswerLogprobBudget(IOptions<OpenAIServerOptions> options) : LogprobBudget(options.Value.MaximumAnswerLogprobsTogether, "answers");
