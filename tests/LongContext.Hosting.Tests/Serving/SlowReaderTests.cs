using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using LongContext.AspNetCore;
using LongContext.AspNetCore.Protocol;
using LongContext.AspNetCore.Serving;
using LongContext.Hosting.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace LongContext.Hosting.Serving;

/// <summary>Answers of many bytes: whoever reads on has them all, however long it takes within the time of a request, and whoever does not loses the connection.</summary>
public sealed class SlowReaderTests
{
    private static readonly OpenAIServerOptions Limits = new() { SlowReaderTimeout = TimeSpan.FromSeconds(15), RequestTimeout = TimeSpan.FromMinutes(10) };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answer_ReadSteadily_ComesWhole(bool streams)
    {
        var clock = new ManualClock();
        var pipe = new SlowPipe(clock, _ => TimeSpan.FromSeconds(8));
        AnswerWriter writer = pipe.Writer(Limits);
        TextCompletion answer = Answer(1_500_000);
        await SendAsync(writer, answer, streams);
        Assert.Equal(Expected(answer, streams), Encoding.UTF8.GetString(pipe.Written.WrittenSpan));
        // Many times as long as a reader may take for one part, of which the connection never had more.
        Assert.InRange(clock.GetElapsedTime(0), 10 * Limits.SlowReaderTimeout, Limits.RequestTimeout);
        Assert.InRange(pipe.MostAtOnce, 1, AnswerWriter.PieceBytes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answer_ReadNoFurther_EndsAfterThePatience(bool streams)
    {
        var clock = new ManualClock();
        var pipe = new SlowPipe(clock, part => part < 3 ? TimeSpan.FromSeconds(1) : Limits.SlowReaderTimeout);
        AnswerWriter writer = pipe.Writer(Limits);
        await Assert.ThrowsAsync<ClientGoneException>(() => SendAsync(writer, Answer(1_500_000), streams));
        Assert.Equal((4, TimeSpan.FromSeconds(3) + Limits.SlowReaderTimeout), (pipe.Parts, clock.GetElapsedTime(0)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answer_ReadAsSlowlyAsMayBe_EndsWithTheTimeOfARequest(bool streams)
    {
        var clock = new ManualClock();
        var pipe = new SlowPipe(clock, _ => TimeSpan.FromSeconds(14));
        AnswerWriter writer = pipe.Writer(Limits);
        await Assert.ThrowsAsync<ClientGoneException>(() => SendAsync(writer, Answer(3_000_000), streams));
        Assert.InRange(clock.GetElapsedTime(0), Limits.RequestTimeout, Limits.RequestTimeout + Limits.SlowReaderTimeout);
    }

    [Fact]
    public async Task WholeAnswer_ReadNoFurther_LosesItsConnection()
    {
        // Far more than sockets take.
        var client = new FakeChatClient { Answer = (_, _) => Enumerable.Repeat(new string('x', 1_000_000), 60) };
        await using TestServer server = await TestServer.StartAsync(client, limits => limits.SlowReaderTimeout = TimeSpan.FromMilliseconds(300));
        using Socket socket = await server.ConnectAsync(receiveBuffer: 4096);
        await socket.SendAsync(TestServer.RawPost("/v1/chat/completions", TestServer.Chat("x")), Token);
        byte[] buffer = new byte[1 << 16];
        long read = await socket.ReceiveAsync(buffer.AsMemory(0, 1), Token);
        // The server lets go of the request's body when it has given up on its reader; what is left on the way is read then, and breaks off.
        await FakeChatClient.UntilAsync(() => client.Completed == 1 && server.Services.GetRequiredService<BodyBudget>().Taken == 0, Token);
        try
        {
            for (int more; (more = await socket.ReceiveAsync(buffer, Token)) > 0;) read += more;
        }
        catch (SocketException)
        {
            // Reset.
        }

        Assert.InRange(read, 1, 59_000_000);
        Assert.Equal(200, (await server.ChatAsync(TestServer.Chat("x", ""","max_tokens":1"""))).Status);
        Assert.Empty(server.Log.Errors);
    }

    private static TextCompletion Answer(int length) => new("id", "text_completion", 0, "m", [new TextChoice(0, string.Concat(Enumerable.Range(0, length / 8).Select(i => $"{i:x7} ")), "stop")]);

    private static string Expected(TextCompletion answer, bool streams)
    {
        string json = JsonSerializer.Serialize(answer, ProtocolJson.Plain.TextCompletion);
        return streams ? $"data: {json}\n\ndata: [DONE]\n\n" : json;
    }

    private static async Task SendAsync(AnswerWriter writer, TextCompletion answer, bool streams)
    {
        if (!streams)
        {
            await writer.WriteAsync(200, answer, ProtocolJson.Plain.TextCompletion);
            return;
        }

        writer.BeginStream();
        writer.AddEvent(answer, ProtocolJson.Plain.TextCompletion);
        Assert.True(writer.IsFull);
        await writer.FlushAsync();
        Assert.False(writer.IsFull);
        writer.AddDone();
        await writer.FlushAsync();
    }

    /// <summary>A connection whose client takes its time over each part that is flushed.</summary>
    private sealed class SlowPipe(ManualClock clock, Func<int, TimeSpan> times) : PipeWriter, IHttpResponseBodyFeature
    {
        private int unread;

        public ArrayBufferWriter<byte> Written { get; } = new();

        public int Parts { get; private set; }

        public int MostAtOnce { get; private set; }

        public Stream Stream => Stream.Null;

        PipeWriter IHttpResponseBodyFeature.Writer => this;

        public AnswerWriter Writer(OpenAIServerOptions limits)
        {
            var context = new DefaultHttpContext();
            context.Features.Set<IHttpResponseBodyFeature>(this);
            return new AnswerWriter(context, limits, clock);
        }

        public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            (MostAtOnce, unread) = (Math.Max(MostAtOnce, unread), 0);
            TimeSpan time = times(Parts++);
            while (clock.Waits < Parts) await Task.Delay(1, cancellationToken);
            clock.Advance(time);
            if (time >= Limits.SlowReaderTimeout) await Task.Delay(Timeout.Infinite, Token);
            return new FlushResult(isCanceled: false, isCompleted: false);
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => Written.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => Written.GetSpan(sizeHint);

        public override void Advance(int bytes)
        {
            Written.Advance(bytes);
            unread += bytes;
        }

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public void DisableBuffering()
        {
        }

        public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task CompleteAsync() => Task.CompletedTask;
    }
}
