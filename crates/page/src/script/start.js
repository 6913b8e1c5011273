// Starts the parts of the page.

const pageData = JSON.parse(byId("data").textContent);
startBackward();
startFeatureMap(pageData.featureMap);
// `untiedFlow` can be called from the console, too.
loadFlow(pageData.flow)
  .then((flow) => startNetwork(pageData.networks, (globalThis.untiedFlow = flow)), () => (byId("net-unsupported").hidden = false))
  .finally(() => (document.documentElement.dataset.ready = "true"));
