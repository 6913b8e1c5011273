// Starts the parts of the page.

const pageData = JSON.parse(byId("data").textContent);
startBackward();
startFeatureMap(pageData.featureMap);
startNetwork(pageData.networks);
