using System.Text.Json;
using System.Text.Json.Nodes;

namespace LongContext.Evaluation.Support;

/// <summary>A page that a <see cref="Chromium"/> shows.</summary>
internal sealed class ChromiumPage(Chromium browser, string session, string address)
{
    /// <summary>Everything that the console has but plain output: errors, warnings, exceptions, what a policy forbade.</summary>
    public IReadOnlyList<string> Faults =>
    [
        .. browser.Events(session, "Runtime.consoleAPICalled").Where(told => told.GetProperty("type").GetString() is "error" or "warning" or "assert").Select(told => "console: " + told.GetProperty("args")),
        .. browser.Events(session, "Runtime.exceptionThrown").Select(told => "exception: " + told.GetProperty("exceptionDetails").GetProperty("text")),
        .. browser.Events(session, "Log.entryAdded").Select(told => told.GetProperty("entry")).Where(entry => entry.GetProperty("level").GetString() is "error" or "warning").Select(entry => "log: " + entry.GetProperty("text")),
    ];

    /// <summary>Addresses that the page asked for, itself left out.</summary>
    public IReadOnlyList<string> Requests =>
        [.. browser.Events(session, "Network.requestWillBeSent").Select(told => told.GetProperty("request").GetProperty("url").GetString()!).Where(url => url != address)];

    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        foreach (string area in (string[])["Page", "Runtime", "Log", "Network"]) await browser.SendAsync(session, area + ".enable", [], cancellationToken);
        await browser.SendAsync(session, "Page.navigate", new JsonObject { ["url"] = address }, cancellationToken);
        await browser.WaitAsync(session, "Page.loadEventFired", cancellationToken);
    }

    public async Task<JsonElement> EvaluateAsync(string expression, CancellationToken cancellationToken)
    {
        JsonElement answer = await browser.SendAsync(session, "Runtime.evaluate", new JsonObject { ["expression"] = expression, ["returnByValue"] = true }, cancellationToken);
        if (answer.TryGetProperty("exceptionDetails", out JsonElement fault)) throw new InvalidOperationException(fault.ToString());
        return answer.GetProperty("result").GetProperty("value");
    }

    /// <summary>Shows the page light or dark, on a screen or as for paper, in a window so many pixels wide.</summary>
    public async Task ShowAsync(string scheme, string media, int width, CancellationToken cancellationToken)
    {
        JsonObject metrics = new() { ["width"] = width, ["height"] = 900, ["deviceScaleFactor"] = 1, ["mobile"] = false };
        await browser.SendAsync(session, "Emulation.setDeviceMetricsOverride", metrics, cancellationToken);
        JsonObject emulated = new() { ["media"] = media, ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = scheme }) };
        await browser.SendAsync(session, "Emulation.setEmulatedMedia", emulated, cancellationToken);
    }

    public async Task ScreenshotAsync(string path, CancellationToken cancellationToken)
    {
        JsonElement answer = await browser.SendAsync(session, "Page.captureScreenshot", new JsonObject { ["format"] = "png", ["captureBeyondViewport"] = true }, cancellationToken);
        await File.WriteAllBytesAsync(path, answer.GetProperty("data").GetBytesFromBase64(), cancellationToken);
    }

    public async Task PrintAsync(string path, CancellationToken cancellationToken)
    {
        JsonElement answer = await browser.SendAsync(session, "Page.printToPDF", new JsonObject { ["preferCSSPageSize"] = true, ["printBackground"] = false }, cancellationToken);
        await File.WriteAllBytesAsync(path, answer.GetProperty("data").GetBytesFromBase64(), cancellationToken);
    }
}
