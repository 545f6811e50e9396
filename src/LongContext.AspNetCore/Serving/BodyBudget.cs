using Microsoft.Extensions.Options;

namespace LongContext.AspNetCore.Serving;

/// <summary>Bytes of requests' bodies.</summary>
internal sealed class BodyBudget(IOptions<OpenAIServerOptions> options) : Budget(options.Value.MaximumBodyBytesTogether);
