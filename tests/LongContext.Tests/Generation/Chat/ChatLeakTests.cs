using LongContext.Generation;
using Microsoft.Extensions.AI;
using static TorchSharp.torch;

namespace LongContext.Tests.Generation.Chat;

[Collection(TensorCounting.Name)]
public sealed class ChatLeakTests
{
    [Fact]
    public async Task Requests_EndedInEveryWay_LeaveNoTensor()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        long before = TensorCounting.Count();
        using (var client = new LongContextChatClient(ChatModels.Model(), ChatModels.Tokenizer, ChatModels.Format, new LongContextChatClientOptions
        {
            OwnsModel = true, Generation = new GenerationOptions { MaximumNewTokens = 8, StopTokenIds = [], PrefillChunkTokens = 7 },
        }))
        {
            await client.GetResponseAsync("once upon a time", null, token); // grows the tables of positions
            long steady = TensorCounting.Count();
            for (int i = 0; i < 3; i++)
            {
                await client.GetResponseAsync("once upon a time", new ChatOptions { StopSequences = ["a"] }, token);
                await foreach (ChatResponseUpdate _ in client.GetStreamingResponseAsync("once", null, token)) break;
                using var cancellation = new CancellationTokenSource();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
                {
                    await foreach (ChatResponseUpdate _ in client.GetStreamingResponseAsync("once", null, cancellation.Token)) cancellation.Cancel();
                });
                await client.Scorer.LogProbabilitiesAsync(new[] { 3, 4, 5, 6, 7, 8, 9, 10, 11 }, 2, token);
                await client.Scorer.LogProbabilitiesAsync(new[] { 3, 4, 5 }, 2, token);
                await client.Scorer.LogProbabilitiesAsync(new[] { 3, 4, 5, 6, 7, 8, 9, 10, 11 }, [new[] { 3, 4 }, new[] { 5 }], token);
            }

            Assert.Equal(steady, Tensor.TotalCount);
        }

        Assert.Equal(before, Tensor.TotalCount);
    }
}
