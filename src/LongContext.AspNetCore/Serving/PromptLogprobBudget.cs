using Microsoft.Extensions.Options;

namespace LongContext.AspNetCore.Serving;

/// <summary>Log-probabilities of prompts.</summary>
internal sealed class PromptLogprobBudget(IOptions<OpenAIServerOptions> options) : LogprobBudget(options.Value.MaximumPromptLogprobsTogether, "prompts");
