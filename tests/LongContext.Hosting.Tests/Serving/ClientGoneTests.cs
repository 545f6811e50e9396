using System.IO.Pipelines;
using System.Text;
using LongContext.AspNetCore.Serving;
using LongContext.Hosting.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace LongContext.Hosting.Serving;

/// <summary>A client that the response's pipe knows to be gone before the request's own token is cancelled.</summary>
public sealed class ClientGoneTests
{
    [Theory]
    [InlineData("hello", "")]
    [InlineData("hello", ""","stream":true""")]
    [InlineData("hello", ""","temperature":9""")]
    [InlineData("", ""","n":3,"stream":true""")]
    public async Task ChatAsync_FlushSaysTheClientHasGone_EndsTheConnectionAndAnswersOnce(string text, string more)
    {
        var fake = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(fake);
        CompletionServer completions = server.Services.GetRequiredService<CompletionServer>();
        var gone = new GoneClient();
        await completions.ChatAsync(gone.Context(TestServer.Chat(text, more)));
        Assert.True(gone.Aborted);
        Assert.Equal(1, gone.StatusesSet);
        Assert.False(gone.RequestAborted.IsCancellationRequested);
        Assert.Empty(server.Log.Errors);
        await FakeChatClient.UntilAsync(() => fake.Running == 0 && server.Model.RunningRequests == 0, TestContext.Current.CancellationToken);
    }

    /// <summary>What a server gives for a connection whose other end is closed: writes go nowhere, and each flush says that nobody reads.</summary>
    private sealed class GoneClient : PipeWriter, IHttpResponseFeature, IHttpResponseBodyFeature, IHttpRequestLifetimeFeature
    {
        private int status = 200;
        private byte[] memory = new byte[1 << 16];

        public bool Aborted { get; private set; }

        public int StatusesSet { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public bool HasStarted { get; private set; }

        public int StatusCode
        {
            get => status;
            set
            {
                // As Kestrel has it.
                if (HasStarted) throw new InvalidOperationException("StatusCode cannot be set because the response has already started.");
                StatusesSet++;
                status = value;
            }
        }

        public string? ReasonPhrase { get; set; }

        public IHeaderDictionary Headers { get; set; } = new HeaderDictionary();

        public Stream Body { get; set; } = Stream.Null;

        public Stream Stream => Stream.Null;

        public PipeWriter Writer => this;

        public DefaultHttpContext Context(string body)
        {
            var context = new DefaultHttpContext();
            context.Features.Set<IHttpResponseFeature>(this);
            context.Features.Set<IHttpResponseBodyFeature>(this);
            context.Features.Set<IHttpRequestLifetimeFeature>(this);
            byte[] bytes = Encoding.UTF8.GetBytes(body);
            (context.Request.Method, context.Request.ContentType, context.Request.ContentLength, context.Request.Body) = ("POST", "application/json", bytes.Length, new MemoryStream(bytes));
            context.Request.Host = new HostString("localhost");
            return context;
        }

        public void Abort() => Aborted = true;

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            HasStarted = true;
            return ValueTask.FromResult(new FlushResult(isCanceled: false, isCompleted: true));
        }

        public override Memory<byte> GetMemory(int sizeHint = 0)
        {
            if (memory.Length < sizeHint) memory = new byte[sizeHint];
            return memory;
        }

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override void Advance(int bytes)
        {
        }

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public void OnStarting(Func<object, Task> callback, object state)
        {
        }

        public void OnCompleted(Func<object, Task> callback, object state)
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
