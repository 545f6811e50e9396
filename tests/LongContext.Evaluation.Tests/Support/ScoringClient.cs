using Microsoft.Extensions.AI;

namespace LongContext.Evaluation.Support;

/// <summary>A client that gives out something that scores text.</summary>
internal sealed class ScoringClient(IChatClient client, ITokenScorer scorer) : DelegatingChatClient(client)
{
    public override object? GetService(Type serviceType, object? serviceKey = null) => serviceType == typeof(ITokenScorer) ? scorer : base.GetService(serviceType, serviceKey);
}
