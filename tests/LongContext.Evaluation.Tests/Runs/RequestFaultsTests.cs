using System.Net;

namespace LongContext.Evaluation.Runs;

public sealed class RequestFaultsTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Theory]
    [InlineData(429, "slow down", nameof(FaultKind.Transient))]
    [InlineData(429, "insufficient_quota: pay", nameof(FaultKind.Model))]
    [InlineData(408, "", nameof(FaultKind.Transient))]
    [InlineData(500, "", nameof(FaultKind.Transient))]
    [InlineData(529, "overloaded", nameof(FaultKind.Transient))]
    [InlineData(400, "bad", nameof(FaultKind.Item))]
    [InlineData(400, "This model's maximum context length is 4096 tokens", nameof(FaultKind.TooLong))]
    [InlineData(400, "prompt is too long: 200251 tokens > 200000 maximum", nameof(FaultKind.TooLong))]
    [InlineData(400, "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000", nameof(FaultKind.TooLong))]
    [InlineData(400, "request (4390 tokens) exceeds the available context size (4096 tokens), try increasing it", nameof(FaultKind.TooLong))]
    [InlineData(500, "HTTP 500 (exceed_context_size_error)", nameof(FaultKind.TooLong))]
    [InlineData(422, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 1512. Given: 1000 `inputs` tokens and 1024 `max_new_tokens`", nameof(FaultKind.TooLong))]
    [InlineData(422, "Input validation error: `inputs` must have less than 1024 tokens. Given: 1168", nameof(FaultKind.TooLong))]
    [InlineData(400, "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).", nameof(FaultKind.TooLong))]
    [InlineData(400, "The decoder prompt (length 21535) is longer than the maximum model length of 16384.", nameof(FaultKind.TooLong))]
    [InlineData(429, "prompt is too long for your tier", nameof(FaultKind.Transient))]
    [InlineData(413, "", nameof(FaultKind.Item))]
    [InlineData(401, "", nameof(FaultKind.Model))]
    [InlineData(404, "", nameof(FaultKind.Model))]
    [InlineData(302, "", nameof(FaultKind.Model))]
    public void Classify_Statuses(int status, string message, string expected)
    {
        Assert.Equal(expected, RequestFaults.Classify(new HttpRequestException(message, null, (HttpStatusCode)status), null).ToString());
        Assert.Equal(expected, RequestFaults.Classify(new StatusException(message) { Status = status }, null).ToString());
        Assert.Equal(expected, RequestFaults.Classify(new AggregateException(new StatusException(message) { Status = status }), null).ToString());
    }

    [Fact]
    public void Classify_ExceptionsWithoutStatus()
    {
        Assert.Equal(FaultKind.Transient, RequestFaults.Classify(new HttpRequestException("refused"), null));
        Assert.Equal(FaultKind.Transient, RequestFaults.Classify(new TaskCanceledException(), null));
        Assert.Equal(FaultKind.Transient, RequestFaults.Classify(new StatusException("no answer", new IOException("cut")), null));
        Assert.Equal(FaultKind.TooLong, RequestFaults.Classify(new PromptTooLongException(2, 1), null));
        Assert.Equal(FaultKind.Item, RequestFaults.Classify(new ArgumentException("bad"), null));
        Assert.Equal(FaultKind.Model, RequestFaults.Classify(new InvalidOperationException("broken"), null));
    }

    [Fact]
    public void Classify_OwnRule_Decides()
    {
        Assert.Equal(FaultKind.Transient, RequestFaults.Classify(new InvalidOperationException(), exception => exception is InvalidOperationException));
        Assert.Equal(FaultKind.Model, RequestFaults.Classify(new IOException(), _ => false));
    }

    [Theory]
    [InlineData("7", 7.0)]
    [InlineData("0", 0.0)]
    [InlineData("1.5", 1.5)]
    [InlineData("Fri, 02 Jan 2026 03:04:35 GMT", 30.0)]
    [InlineData("Fri, 02 Jan 2026 03:04:00 GMT", 0.0)]
    [InlineData("soon", null)]
    [InlineData("-3", null)]
    [InlineData("", null)]
    public void ParseRetryAfter_SecondsAndDates(string text, double? seconds) =>
        Assert.Equal(seconds, RequestFaults.ParseRetryAfter(text, Now)?.TotalSeconds);

    [Fact]
    public void RetryAfterOf_DataOrHeaders()
    {
        InvalidOperationException exception = new("x");
        Assert.Null(RequestFaults.RetryAfterOf(exception, Now));
        exception.Data["Retry-After"] = "12";
        Assert.Equal(TimeSpan.FromSeconds(12), RequestFaults.RetryAfterOf(new AggregateException(exception), Now));
        exception.Data["Retry-After"] = TimeSpan.FromSeconds(3);
        Assert.Equal(TimeSpan.FromSeconds(3), RequestFaults.RetryAfterOf(exception, Now));
    }

    private sealed class StatusException(string message, Exception? inner = null) : Exception(message, inner)
    {
        public int Status { get; init; }
    }
}
